/**
 * Items that go the same way, together: the first leaves at once, and all that come while it is on
 * its way leave when it has arrived.
 */
export class Batches<Item> {
  readonly #carry: (items: Item[]) => Promise<void>;
  /** What waits, by its way. A way that is listed is in use. */
  readonly #waiting = new Map<string, Item[]>();

  /** @param carry brings items where they go; ends when they are there, and never fails */
  constructor(carry: (items: Item[]) => Promise<void>) {
    this.#carry = carry;
  }

  add(way: string, item: Item): void {
    const waiting = this.#waiting.get(way);
    if (waiting) waiting.push(item);
    else void this.#leave(way, [item]);
  }

  async #leave(way: string, items: Item[]): Promise<void> {
    const next: Item[] = [];
    this.#waiting.set(way, next);
    await this.#carry(items);
    if (next.length > 0) await this.#leave(way, next);
    else this.#waiting.delete(way);
  }
}
