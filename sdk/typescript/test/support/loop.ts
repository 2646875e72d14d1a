// A `for await` loop under watch: what it was given must be all of its channel, from the first to the last, in order.
import assert from 'node:assert/strict';
import {MLGraphError, type DurableEvent, type MLGraphClient, type StreamEvent} from '@mlgraph/client';
import {channelsOf, matches} from '../../dist/channels.js';

export class Loop {
  readonly channel: string;
  readonly got: string[] = [];
  readonly #since: string | undefined;
  readonly #events: AsyncIterableIterator<StreamEvent>;
  readonly #onEnd: () => void;
  #reading: Promise<void> | undefined;
  #error: unknown;

  /** @param reads false: it takes nothing until it is finished. */
  constructor(client: MLGraphClient, channel: string, limit: number, since: string | undefined, reads: boolean, onEnd: () => void) {
    this.channel = channel;
    this.#since = since;
    this.#onEnd = onEnd;
    this.#events = client.events(channel as string, {limit, ...(since === undefined ? {} : {since})});
    if (reads) this.#reading = this.#read();
  }

  /** To its end: the client must have ended it. */
  async finish(): Promise<void> {
    await (this.#reading ??= this.#read());
  }

  check(logs: ReadonlyMap<string, readonly DurableEvent[]>): void {
    const [first] = this.got;
    const last = this.got[this.got.length - 1];
    if (first !== undefined && last !== undefined) {
      const [epoch, seq] = first.split('-') as [string, string];
      const begin = this.#since?.startsWith(`${epoch}-`) ? Number(this.#since.split('-')[1]) : Number(seq) - 1;
      const log = logs.get(epoch)?.slice(begin, Number(last.split('-')[1])) ?? [];
      assert.deepEqual(this.got, log.filter((event) => matches(this.channel, channelsOf(event))).map(({id}) => id), this.channel);
    }
    if (this.#error === undefined) return;
    assert.ok(this.#error instanceof MLGraphError, String(this.#error));
    if (this.#error.code === 'overflow' && last !== undefined) assert.equal(this.#error.since, last);
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#events) if ('id' in event) this.got.push(event.id);
    } catch (error) {
      this.#error = error;
    } finally {
      this.#onEnd();
    }
  }
}
