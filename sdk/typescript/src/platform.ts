// Where this client meets the world: time, chance, sockets, and the news that the world is back. Tests bring their own.
import {MLGraphError} from './error.js';

/** What is used of a WebSocket; the browser's, Node 22's and that of the package `ws` all are one. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
  /** Ends it without a handshake, where that can be done (`ws`). */
  terminate?(): void;
}

/** Makes a WebSocket, like the browser's. */
export type SocketClass = new (url: string) => SocketLike;

export interface Platform {
  /** Milliseconds that never go back. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Runs it once, later; the answer takes it back. */
  after(ms: number, run: () => void): () => void;
  /** @throws MLGraphError `unsupported` */
  open(url: string): Promise<SocketLike>;
  /** Tells when the network is said to be back or the page is seen again; the answer ends it. */
  onWake(run: () => void): () => void;
}

interface Events {
  addEventListener?(name: string, run: () => void): void;
  removeEventListener?(name: string, run: () => void): void;
}
interface World extends Events {
  readonly WebSocket?: SocketClass;
  readonly document?: Events & {readonly visibilityState: string};
}

/** @param given the program's own WebSocket class; without it the global one, else that of the package `ws`. */
export function realPlatform(given?: SocketClass): Platform {
  const world = globalThis as unknown as World;
  return {
    now: () => performance.now(),
    random: Math.random,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    async open(url) {
      const Socket = given ?? world.WebSocket ?? (await socketOfPackage());
      try {
        return new Socket(url);
      } catch (cause) {
        throw new MLGraphError('unsupported', String(cause), {cause});
      }
    },
    onWake(run) {
      const page = world.document;
      const seen = () => page?.visibilityState === 'visible' && run();
      world.addEventListener?.('online', run);
      page?.addEventListener?.('visibilitychange', seen);
      return () => {
        world.removeEventListener?.('online', run);
        page?.removeEventListener?.('visibilitychange', seen);
      };
    },
  };
}

/** Node before 22 has none of its own. The name is put together, so that bundlers for browsers do not look for the package. */
async function socketOfPackage(): Promise<SocketClass> {
  const name = ['w', 's'].join('');
  try {
    return ((await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as {WebSocket: SocketClass}).WebSocket;
  } catch (cause) {
    throw new MLGraphError('unsupported', "there is no WebSocket here: `npm install ws`, or give one as options.WebSocket", {cause});
  }
}
