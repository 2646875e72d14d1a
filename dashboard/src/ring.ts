/** The last `limit` things that were pushed; the oldest goes when another comes. */
export class Ring<Value> {
  readonly limit: number;
  readonly #places: Value[] = [];
  #next = 0; // where the next one goes once all places are taken

  constructor(limit: number) {
    this.limit = limit;
  }

  push(value: Value): void {
    if (this.#places.length < this.limit) {
      this.#places.push(value);
      return;
    }
    this.#places[this.#next] = value;
    this.#next = (this.#next + 1) % this.limit;
  }

  /** From the newest to the oldest. */
  *newest(): Generator<Value> {
    const size = this.#places.length;
    for (let back = 1; back <= size; ++back) yield this.#places[(this.#next + size - back) % size] as Value;
  }
}
