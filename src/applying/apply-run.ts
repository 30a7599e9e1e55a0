import { messageOf } from '../core/error.ts';
import { kubeFind, statusOf, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { deleteAndWait } from '../kubernetes/delete.ts';
import type { KubeResources } from '../kubernetes/resources.ts';
import { deletionCommand, describeEntry, possibleKeys, writeEntries, type AppliedEntry } from './applied-entry.ts';
import { handOver, readRecord, writeRecord, type RecordPlace } from './applied-record.ts';
import type { Removal } from './decide-removal.ts';
import { asObject, leftOf, type Left } from './find-left.ts';
import { openMemory, type Memory } from './memory.ts';

interface RunOptions {
  kube: KubeAccess;
  resources: KubeResources;
  place: RecordPlace;
  /** For digests of content, which may be secret. */
  key: Buffer;
  note: (message: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * One run's deployment: what earlier runs of the same configuration have applied, and what this one
 * applies. What is only in the first is removed at the end.
 */
export class ApplyRun {
  readonly #options: RunOptions;
  readonly #before: ReadonlyMap<string, AppliedEntry>;
  readonly #now = new Map<string, AppliedEntry>();

  private constructor(options: RunOptions, before: ReadonlyMap<string, AppliedEntry>) {
    this.#options = options;
    this.#before = before;
  }

  static async open(options: RunOptions): Promise<ApplyRun> {
    return new ApplyRun(options, await readRecord(options.kube, options.place));
  }

  /** @param namespace for objects that name none */
  memory(namespace: string): Memory {
    const { kube, resources, key } = this.#options;
    return openMemory({ kube, resources, key, before: this.#before, now: this.#now }, namespace);
  }

  /** Keeps objects that were found to stand as an earlier run has applied them. */
  keep(objects: readonly KubeObject[], namespace: string): void {
    for (const key of objects.flatMap((object) => possibleKeys(object, namespace))) {
      const entry = this.#before.get(key);
      if (entry) this.#now.set(key, entry);
    }
  }

  /** Removes what earlier runs have applied and this one did not, and records what is applied. */
  async finish(): Promise<void> {
    const { kube, resources, place, note } = this.#options;
    const { left, others } = await leftOf(kube, resources, place, this.#before, (key) => this.#now.has(key));
    for (const { entry, removal } of left) {
      const words = describeEntry(entry, place.namespace);
      if (removal.action === 'remove') note(`removing ${words}: no longer in the manifests`);
      if (removal.action === 'keep')
        note(`${words} is no longer in the manifests; it stays, ${removal.reason}: \`${deletionCommand(entry)}\``);
    }
    const whose = (action: Removal['action']) => left.filter(({ removal }) => removal.action === action);
    await handOver(
      kube,
      others,
      whose('hand-over').map(({ entry }) => entry),
    );
    const remaining = await this.#remove(whose('remove'));
    await this.#write([...this.#now.values(), ...whose('keep').map(({ entry }) => entry), ...remaining]);
  }

  /** Records what is applied, and what may still be there from earlier runs. */
  async abandon(): Promise<void> {
    await this.#write(new Map([...this.#before, ...this.#now]).values());
  }

  /** @returns what could not be removed, for the next run */
  async #remove(left: Left[]): Promise<AppliedEntry[]> {
    const { kube, resources, place, note, signal } = this.#options;
    const remaining = await Promise.all(
      left.map(async ({ entry }) => {
        try {
          const path = await resources.pathOf(asObject(entry), entry.namespace ?? '');
          const found = await kubeFind(kube, path);
          if (found?.metadata['uid'] === entry.uid) await deleteAndWait(kube, path, found, { signal });
          return [];
        } catch (error) {
          signal?.throwIfAborted();
          if (statusOf(error) === 404) return [];
          note(`could not remove ${describeEntry(entry, place.namespace)}: ${messageOf(error)}`);
          return [entry];
        }
      }),
    );
    return remaining.flat();
  }

  async #write(entries: Iterable<AppliedEntry>): Promise<void> {
    const all = [...entries];
    if (writeEntries(all) !== writeEntries(this.#before.values()))
      await writeRecord(this.#options.kube, this.#options.place, all);
  }
}
