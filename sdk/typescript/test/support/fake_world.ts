// Time, chance and a network by hand: nothing happens until a test lets it.
import type {Platform, SocketLike} from '@mlgraph/client';

/** What a server does with a new connection. */
export interface FakePeer {
  onOpen(socket: FakeSocket): void;
  onText(socket: FakeSocket, text: string): void;
  onGone(socket: FakeSocket): void;
}

/** `up`: connections open. `refusing`: they end at once. `silent`: they neither open nor end. */
export type NetMode = 'up' | 'refusing' | 'silent';

export class FakeSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  /** Given up by the client. */
  closed = false;
  /** Half-open: nothing passes any more, and nobody is told. */
  frozen = false;
  /** Messages to the client that still pass before the line is cut. */
  passing = Infinity;
  readonly #world: FakeWorld;

  constructor(world: FakeWorld) {
    this.#world = world;
  }

  get isUsable(): boolean {
    return !this.closed && !this.frozen;
  }

  send(text: string): void {
    this.#world.later(() => this.isUsable && this.#world.peer.onText(this, text));
  }

  close(): void {
    this.closed = true;
    this.#world.peer.onGone(this);
  }

  /** From the server. */
  deliver(message: object): void {
    const data = JSON.stringify(message);
    this.#world.later(() => {
      if (!this.isUsable) return;
      if (this.passing-- <= 0) return this.end(1006);
      (this.onmessage as ((event: {data: string}) => void) | null)?.({data});
    });
  }

  /** From the server or the network, behind what is under way. */
  endLater(code: number, reason = ''): void {
    this.#world.later(() => this.isUsable && this.end(code, reason));
  }

  end(code: number, reason = ''): void {
    this.closed = true;
    this.#world.peer.onGone(this);
    (this.onclose as ((event: {code: number; reason: string}) => void) | null)?.({code, reason});
  }
}

interface Timer {
  readonly due: number;
  readonly run: () => void;
}

export class FakeWorld implements Platform {
  peer!: FakePeer;
  mode: NetMode = 'up';
  readonly sockets: FakeSocket[] = [];
  readonly openedAt: number[] = [];
  readonly wakers = new Set<() => void>();
  readonly timers = new Set<Timer>();
  #now = 1_000;
  #network: (() => void)[] = [];
  #dice: number;

  /** @param seed of `random`. */
  constructor(seed = 1) {
    this.#dice = seed >>> 0;
  }

  // What the client sees ---------------------------------------------------------------------------------------------
  now(): number {
    return this.#now;
  }

  random(): number {
    this.#dice = (Math.imul(this.#dice, 1664525) + 1013904223) >>> 0;
    return this.#dice / 2 ** 32;
  }

  after(ms: number, run: () => void): () => void {
    const timer = {due: this.#now + ms, run};
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  open(): Promise<SocketLike> {
    const socket = new FakeSocket(this);
    this.sockets.push(socket);
    this.openedAt.push(this.#now);
    if (this.mode === 'refusing') socket.endLater(1006);
    if (this.mode === 'up')
      this.later(() => {
        if (socket.closed) return;
        this.peer.onOpen(socket);
        (socket.onopen as (() => void) | null)?.();
      });
    return Promise.resolve(socket);
  }

  onWake(run: () => void): () => void {
    this.wakers.add(run);
    return () => void this.wakers.delete(run);
  }

  // What a test does -------------------------------------------------------------------------------------------------
  get live(): FakeSocket | undefined {
    return this.sockets.find((socket) => !socket.closed);
  }

  later(run: () => void): void {
    this.#network.push(run);
  }

  /** So many messages arrive, and what follows from each. */
  async arrive(count: number): Promise<void> {
    for (let left = count; ; --left) {
      await new Promise((resolve) => setImmediate(resolve)); // promises go first
      if (left === 0) return;
      const next = this.#network.shift();
      if (!next) return;
      next();
    }
  }

  /** Until nothing is under way: messages, promises. */
  settle(): Promise<void> {
    return this.arrive(Infinity);
  }

  /** Time passes; what is due happens in its order. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!due) break;
      this.#now = Math.max(this.#now, due.due);
      this.timers.delete(due);
      due.run();
      await this.settle();
    }
    this.#now = end;
  }

  /** The program stood still: time is over, and no timer ran. */
  stall(ms: number): void {
    this.#now += ms;
  }

  async wake(): Promise<void> {
    for (const run of [...this.wakers]) run();
    await this.settle();
  }
}
