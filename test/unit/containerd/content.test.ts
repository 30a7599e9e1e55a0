import { describe, expect, it } from 'vitest';
import { readNodeContent } from '../../../src/containerd/content.ts';

const images =
  '{\n  "images": [{ "id": "sha256:1", "repoTags": ["docker.io/shop/api:dev"], "size": "12" }, { "id": "sha256:2", "repoTags": null }]\n}';
const header = 'KEY                 PARENT            KIND      ';

describe("a node's answer", () => {
  it('lists the images and the committed snapshots, without those of containers', () => {
    const snapshots = [
      header,
      '0f3a   sha256:aa  Active    ',
      'sha256:aa                     Committed ',
      'sha256:bb   sha256:aa   Committed ',
    ];
    expect(readNodeContent(images, `${snapshots.join('\n')}\n`)).toEqual({
      images: [
        { id: 'sha256:1', names: ['docker.io/shop/api:dev'], size: 12 },
        { id: 'sha256:2', names: [], size: 0 },
      ],
      unpacked: new Set(['sha256:aa', 'sha256:bb']),
    });
  });

  it('that is incomplete is an error', () => {
    const message = 'Could not list the unpacked images of a node.';
    expect(() => readNodeContent(images, 'ctr: connection refused\nfailed\n')).toThrow(message);
    expect(() => readNodeContent(images, `${header}\nsha256:aa      Committed \nfailed\n`)).toThrow(message);
  });

  it.each(['', `${header}\n`, 'ctr: snapshotter not loaded: overlayfs: invalid argument\nfailed\n'])(
    'does not show which images are unpacked: %j',
    (snapshots) => {
      expect(readNodeContent(images, snapshots).unpacked).toBeUndefined();
    },
  );
});
