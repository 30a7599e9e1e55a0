import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { archiveTransport } from '../../../src/act/archive-transport.ts';
import type { Shipment } from '../../../src/act/transport.ts';
import * as containers from '../../../src/drivers/container-exec.ts';
import * as saving from '../../../src/drivers/docker-save.ts';
import type { DockerEngine } from '../../../src/drivers/docker.ts';

vi.mock(import('../../../src/drivers/container-exec.ts'), { spy: true });
vi.mock(import('../../../src/drivers/docker-save.ts'), { spy: true });

describe('an archive for several nodes', () => {
  it('reaches the others when one cannot even begin to read', async () => {
    const chunks = Array.from({ length: 100 }, () => Buffer.alloc(65_536, 'x')); // more than all the streams on the way hold
    const archive = Buffer.concat(chunks).toString();
    vi.mocked(saving.saveImage).mockResolvedValue(Readable.from(chunks));
    const got: string[] = [];
    vi.mocked(containers.tryExec).mockImplementation(async (_engine, node, _argv, options) => {
      if (node === 'gone') throw new Error('the container is not running');
      got.push(await text(options?.stdin as Readable));
      return { exitCode: 0, stdout: '', stderr: '' };
    });
    const destinations = ['one', 'gone', 'other'].map((node) => ({ node }));
    const shipment = { reference: 'shop/api:dev', image: { id: 'sha256:1' } } as Shipment;
    const deliveries = archiveTransport({} as DockerEngine).send(shipment, destinations, undefined);
    await expect(deliveries.get('gone')).rejects.toThrow('not running');
    expect(await deliveries.get('one')).toMatchObject({ bytes: archive.length });
    expect(await deliveries.get('other')).toMatchObject({ bytes: archive.length });
    expect(got).toEqual([archive, archive]);
  });
});
