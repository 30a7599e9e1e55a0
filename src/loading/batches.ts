/**
 * Collects items by key. The first item of a key is processed at once. Items that are added while
 * it is being processed are processed together afterwards.
 */
export class Batches<Item> {
  readonly #process: (items: Item[]) => Promise<void>;
  /** Waiting items by key; a key is listed as long as items of it are being processed. */
  readonly #waiting = new Map<string, Item[]>();

  /** @param process must not throw */
  constructor(process: (items: Item[]) => Promise<void>) {
    this.#process = process;
  }

  add(key: string, item: Item): void {
    const waiting = this.#waiting.get(key);
    if (waiting) waiting.push(item);
    else void this.#run(key, [item]);
  }

  async #run(key: string, items: Item[]): Promise<void> {
    const next: Item[] = [];
    this.#waiting.set(key, next);
    await this.#process(items);
    if (next.length > 0) await this.#run(key, next);
    else this.#waiting.delete(key);
  }
}
