/** The last `limit` things that were pushed; the oldest goes when another comes. */
export class Ring<Value> {
  readonly limit: number;
  readonly #places: Value[] = [];
  #next = 0; // where the next one goes once all places are taken
  #pushed = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many are kept. */
  get size(): number {
    return this.#places.length;
  }

  /** How many have come since the beginning, or since it was cleared. */
  get pushed(): number {
    return this.#pushed;
  }

  push(value: Value): void {
    ++this.#pushed;
    if (this.#places.length < this.limit) {
      this.#places.push(value);
      return;
    }
    this.#places[this.#next] = value;
    this.#next = (this.#next + 1) % this.limit;
  }

  clear(): void {
    this.#places.length = 0;
    this.#next = 0;
    this.#pushed = 0;
  }

  /** From the newest to the oldest. */
  *newest(): Generator<Value> {
    const size = this.#places.length;
    for (let back = 1; back <= size; ++back) yield this.#places[(this.#next + size - back) % size] as Value;
  }
}
