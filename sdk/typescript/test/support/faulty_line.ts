// A TCP proxy on the loopback that cuts, delays and goes silent when told to.
import {once} from 'node:events';
import {connect, createServer, type AddressInfo, type Server, type Socket} from 'node:net';

export class FaultyLine {
  /** Each piece of bytes arrives this much later. */
  delayMs = 0;
  /** New connections are ended at once. */
  refuses = false;
  /** What was done, and how often. */
  readonly counts = {connections: 0, cut: 0, silenced: 0};
  readonly #target: () => number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #silent = new Set<Socket>();
  readonly #left = new Map<Socket, number>(); // bytes that still pass

  /** @param target the port behind it, asked for each connection. */
  constructor(target: () => number) {
    this.#target = target;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets all connections. @param afterBytes that still pass to the client, so that messages are cut in their middle. */
  cut(afterBytes = 0): void {
    for (const pair of this.#pairs) {
      if (this.#silent.has(pair[0])) continue;
      ++this.counts.cut;
      if (afterBytes > 0) this.#left.set(pair[0], afterBytes);
      else reset(pair);
    }
  }

  /** Half-open: connections stay, and nothing passes any more, either way. */
  silence(): void {
    for (const [client] of this.#pairs) {
      if (!this.#silent.has(client)) ++this.counts.silenced;
      this.#silent.add(client);
    }
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    if (this.refuses) return void client.resetAndDestroy();
    ++this.counts.connections;
    const server = connect(this.#target(), '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    const over = () => {
      for (const socket of pair) socket.destroy();
      this.#pairs.delete(pair);
    };
    for (const [from, to] of [[client, server], [server, client]] as const) {
      let last = Promise.resolve(); // bytes stay in their order, whatever the delays
      from.on('error', () => undefined);
      from.on('close', () => this.#silent.has(client) || over());
      from.on('data', (bytes: Buffer) => {
        const due = new Promise((resolve) => setTimeout(resolve, this.delayMs));
        last = last.then(() => due).then(() => this.#pass(pair, to, bytes));
      });
    }
  }

  #pass(pair: readonly [Socket, Socket], to: Socket, bytes: Buffer): void {
    const [client] = pair;
    if (this.#silent.has(client) || !to.writable) return;
    const left = to === client ? (this.#left.get(client) ?? Infinity) : Infinity;
    if (bytes.length < left) {
      to.write(bytes);
      if (left !== Infinity) this.#left.set(client, left - bytes.length);
    } else {
      to.write(bytes.subarray(0, left), () => reset(pair));
    }
  }
}

function reset(pair: readonly Socket[]): void {
  for (const socket of pair) socket.resetAndDestroy();
}
