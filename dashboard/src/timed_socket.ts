// How long the line takes there and back, measured by what the client asks anyway: who the server is, and if it is there.

const ASKS = /"type":"(hello|ping)"/;
const ANSWERS = /^\{"type":"(welcome|pong)"/;

/** @param told called with milliseconds. @returns a WebSocket class for the client. */
export function timedSocket(told: (ms: number) => void): typeof WebSocket {
  return class extends WebSocket {
    #askedAt: number | undefined;

    constructor(url: string | URL) {
      super(url);
      this.addEventListener('message', ({data}) => {
        if (this.#askedAt === undefined || !ANSWERS.test(String(data))) return;
        told(performance.now() - this.#askedAt);
        this.#askedAt = undefined;
      });
    }

    override send(text: string): void {
      if (ASKS.test(text)) this.#askedAt = performance.now();
      super.send(text);
    }
  };
}
