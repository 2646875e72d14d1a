// Numbers over time, for charts: a column a measure, a row a second.

/**
 * The last `limit` rows, a number for each name, each with its time. NaN is a hole.
 * Memory: 8 bytes a number, taken at once.
 */
export class Series<Name extends string> {
  readonly limit: number;
  readonly #times: Float64Array;
  readonly #columns: ReadonlyMap<Name, Float64Array>;
  #size = 0;
  #next = 0;

  constructor(names: readonly Name[], limit: number) {
    this.limit = limit;
    this.#times = new Float64Array(limit);
    this.#columns = new Map(names.map((name) => [name, new Float64Array(limit)]));
  }

  /** Seconds of the newest row, or undefined. */
  get newest(): number | undefined {
    return this.#size === 0 ? undefined : this.#times[(this.#next + this.limit - 1) % this.limit];
  }

  /** @param seconds of UTC; a row that is not newer than the last one is left out. */
  push(seconds: number, row: Readonly<Record<Name, number>>): void {
    if (this.newest !== undefined && seconds <= this.newest) return;
    this.#times[this.#next] = seconds;
    for (const [name, column] of this.#columns) column[this.#next] = row[name];
    this.#next = (this.#next + 1) % this.limit;
    this.#size = Math.min(this.#size + 1, this.limit);
  }

  /** Rows with `from <= time <= to`, in seconds, oldest first: the times, then a column for each of `names`. */
  range(names: readonly Name[], from: number, to: number): (number | null)[][] {
    const out: (number | null)[][] = [[], ...names.map(() => [])];
    const columns = names.map((name) => this.#columns.get(name));
    for (let back = this.#size; back > 0; --back) {
      const at = (this.#next + this.limit - back) % this.limit;
      const time = this.#times[at] ?? 0;
      if (time < from || time > to) continue;
      out[0]?.push(time);
      columns.forEach((column, place) => {
        const value = column?.[at] ?? NaN;
        out[place + 1]?.push(Number.isNaN(value) ? null : value);
      });
    }
    return out;
  }
}
