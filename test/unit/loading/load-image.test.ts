import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ImageOutcome } from '../../../src/building/settle-images.ts';
import type { ClusterNode } from '../../../src/cluster/cluster.ts';
import type { NodeImage } from '../../../src/containerd/content.ts';
import * as nodeImages from '../../../src/containerd/images.ts';
import * as remembered from '../../../src/containerd/remembered-content.ts';
import * as transports from '../../../src/loading/choose-transport.ts';
import { loadEverywhere } from '../../../src/loading/load-image.ts';
import type { Session } from '../../../src/session.ts';
import { scratch } from '../../support/scratch.ts';

vi.mock(import('../../../src/containerd/images.ts'), { spy: true });
vi.mock(import('../../../src/containerd/remembered-content.ts'), { spy: true });
vi.mock(import('../../../src/loading/choose-transport.ts'), { spy: true });
afterEach(() => vi.resetAllMocks());

const entry: NodeImage = { id: 'sha256:1', names: ['docker.io/shop/api:dev'], size: 1 };
const image = { name: 'api', reference: 'shop/api:dev' };
const built = { id: entry.id, layers: [], tags: [], inContainerd: false };
const outcome = { image, built } as unknown as ImageOutcome;

function node(containerId: string): ClusterNode {
  return { name: 'n', containerId, role: 'control-plane', running: true, created: 0, image: 'sha256:0' };
}

function session(): Session {
  const { signal } = new AbortController();
  return {
    config: { stateDirectory: scratch() },
    engine: {},
    emit: () => undefined,
    signal,
    loads: [],
  } as unknown as Session;
}

/** Each node is empty until an image is sent to it. `error` makes the transfer fail at its end. */
function emptyNodes(error?: Error): void {
  const full = new Set<string>();
  let latest = '';
  vi.mocked(remembered.currentContent).mockImplementation((_engine, _directory, { containerId }) => {
    latest = containerId;
    return Promise.resolve({ images: full.has(containerId) ? [entry] : [] });
  });
  vi.mocked(nodeImages.noteLoad).mockResolvedValue();
  vi.mocked(nodeImages.confirmLoaded).mockImplementation(() =>
    error ? Promise.reject(error) : Promise.resolve(entry),
  );
  vi.mocked(transports.transportFor).mockResolvedValue({
    send: () => {
      full.add(latest);
      return new Map([['n', Promise.resolve({ bytes: 1, total: 1 })]]);
    },
  });
}

describe('a second load of an image in the same session', () => {
  const verdicts = ({ loads }: Session) => loads.map(({ verdict }) => verdict);

  it('finds it in the node that the first one loaded it into', async () => {
    emptyNodes();
    const one = session();
    await loadEverywhere(one, outcome, [node('c')], false);
    await loadEverywhere(one, outcome, [node('c')], false);
    expect(verdicts(one)).toEqual(['transferred', 'present']);
  });

  it('asks the node again when the first one failed', async () => {
    emptyNodes(new Error('not listed'));
    const one = session();
    await expect(loadEverywhere(one, outcome, [node('c')], false)).rejects.toThrow('not listed');
    await loadEverywhere(one, outcome, [node('c')], false);
    expect(verdicts(one)).toEqual(['failed', 'present']);
  });

  it('asks a recreated node of the same name', async () => {
    emptyNodes();
    const one = session();
    await loadEverywhere(one, outcome, [node('c')], false);
    await loadEverywhere(one, outcome, [node('c')], false);
    await loadEverywhere(one, outcome, [node('d')], false);
    expect(verdicts(one)).toEqual(['transferred', 'present', 'transferred']);
  });

  it('does not ask a node again that nothing was loaded into', async () => {
    emptyNodes();
    const one = session();
    for (let i = 0; i < 4; i++) await loadEverywhere(one, outcome, [node('c')], false);
    expect(remembered.currentContent).toHaveBeenCalledTimes(2); // before and after the first load
  });
});
