// One connection after the other: opening, saying who we are, noticing the end, waiting, and again.
import {delayOf, type Backoff} from './backoff.js';
import {endingOf, type Ending} from './endings.js';
import {MLGraphError} from './error.js';
import {Heartbeat} from './heartbeat.js';
import {errorOf, type Message, type Welcome} from './messages.js';
import type {Platform, SocketLike} from './platform.js';
import {tokenOf, type TokenSource} from './token.js';

/**
 * `idle`: nothing was asked for yet. `connecting`: a token is got and a socket opened. `authenticating`: the server is told who we
 * are. `resuming`: it is told where we were. `live`. `waiting`: for the next attempt. `closed`: by the program, or for good.
 */
export type Status = 'idle' | 'connecting' | 'authenticating' | 'resuming' | 'live' | 'waiting' | 'closed';

export interface StatusChange {
  readonly status: Status;
  readonly previous: Status;
  /** Why it is `waiting`, or `closed` without being asked to. */
  readonly error?: MLGraphError | undefined;
  /** `waiting`: milliseconds until the next attempt. */
  readonly retryInMs?: number;
}

/** Whom a connection serves. */
export interface ConnectionOwner {
  onStatus(change: StatusChange): void;
  /** The server knows us: it is to be told what is wanted, and then `resumed()` called. */
  onSession(): void;
  onMessage(message: Message): void;
  /** The session is gone, and what was asked on it. */
  onLost(): void;
  /** Something went wrong that ends nothing. */
  onTrouble(error: MLGraphError): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly token: TokenSource;
  readonly clientName: string;
  readonly backoff: Backoff;
  /** From the begin of an attempt until the server knows us. */
  readonly connectTimeoutMs: number;
  /** At most this long between two pings; the server may ask for less. */
  readonly heartbeatMs: number;
}

/** A session that lived this long ends a row of failures. */
const STABLE_MS = 10_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #platform: Platform;
  readonly #owner: ConnectionOwner;
  readonly #heartbeat: Heartbeat;
  #status: Status = 'idle';
  #socket: SocketLike | undefined;
  #attempt = 0; // what belongs to an earlier one is not listened to
  #attemptedAt = 0;
  #failures = 0; // in a row
  #liveSince: number | undefined;
  #notBefore = 0;
  #token = '';
  #refused: string | undefined;
  #told: MLGraphError | undefined; // the last message, if it was an error
  #cancelTimer: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;

  constructor(options: ConnectionOptions, platform: Platform, owner: ConnectionOwner) {
    this.#options = options;
    this.#platform = platform;
    this.#owner = owner;
    this.#heartbeat = new Heartbeat(
      platform,
      // With a ref the answer tells how far the session is; while resuming, that would be ahead of what has been replayed.
      () => this.send(this.#status === 'live' ? {type: 'ping', ref: 'beat'} : {type: 'ping'}),
      () => this.fail(lost('no sign of life')),
    );
  }

  get status(): Status {
    return this.#status;
  }

  /** Begins, unless it has. */
  open(): void {
    if (this.#status !== 'idle' && this.#status !== 'closed') return;
    this.#failures = 0;
    this.#refused = undefined;
    this.#cancelWake = this.#platform.onWake(() => this.#wake());
    void this.#connect();
  }

  /** Ends it. @param error why, if the program did not ask for it. */
  close(error?: MLGraphError): void {
    if (this.#status === 'idle' || this.#status === 'closed') return;
    this.#drop(1000);
    this.#cancelWake?.();
    this.#enter('closed', {error});
  }

  /** Ends this session and goes on with another, later. */
  fail(error: MLGraphError): void {
    this.#end({course: error.code === 'unsupported' ? 'final' : 'retry', error});
  }

  /** Ends this session and goes on with another, at once. */
  restart(): void {
    if (this.#status !== 'live') return;
    this.#drop(1000);
    void this.#connect();
  }

  /** All that was subscribed is again. */
  resumed(): void {
    this.#liveSince = this.#platform.now();
    this.#refused = undefined;
    this.#enter('live');
  }

  /** @returns false if there is no open socket. */
  send(message: object): boolean {
    if (!this.#socket || this.#status === 'connecting') return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  async #connect(): Promise<void> {
    const attempt = ++this.#attempt;
    const isOver = () => attempt !== this.#attempt;
    this.#attemptedAt = this.#platform.now();
    this.#told = undefined;
    this.#enter('connecting');
    if (isOver()) return;
    this.#wait(this.#options.connectTimeoutMs, () => this.fail(lost('not connected in time')));
    try {
      const token = await this.#freshToken();
      if (isOver()) return;
      if (token === this.#refused) return this.close(new MLGraphError('unauthorized', 'the token was refused'));
      this.#token = token;
      const socket = await this.#platform.open(this.#options.url);
      if (isOver()) return socket.close();
      this.#listen(socket);
    } catch (error) {
      if (!isOver()) this.fail(error as MLGraphError);
    }
  }

  async #freshToken(): Promise<string> {
    try {
      return await tokenOf(this.#options.token);
    } catch (cause) {
      throw new MLGraphError('token', `the token function failed: ${String(cause)}`, {retryable: true, cause});
    }
  }

  #listen(socket: SocketLike): void {
    this.#socket = socket;
    socket.onopen = () => {
      this.#enter('authenticating');
      this.send({type: 'auth', token: this.#token, ref: 'auth'});
      this.send({type: 'hello', client: this.#options.clientName, ref: 'hello'});
    };
    socket.onmessage = ({data}: {data: unknown}) => this.#hear(data);
    socket.onclose = ({code, reason}: {code: number; reason?: unknown}) => this.#end(endingOf(code, String(reason ?? ''), this.#told));
    socket.onerror = () => undefined; // a close follows
  }

  #hear(text: unknown): void {
    this.#heartbeat.heard();
    let message: Message;
    try {
      message = JSON.parse(String(text)) as Message;
    } catch (cause) {
      return this.fail(lost('no JSON came', cause));
    }
    if (message.type === 'welcome' && message.data.authenticated && this.#status === 'authenticating') return this.#begin(message.data);
    if (message.type === 'auth_expiring') void this.#renew();
    this.#told = message.type === 'error' ? errorOf(message.data) : undefined;
    this.#owner.onMessage(message);
  }

  #begin(welcome: Welcome): void {
    this.#cancelTimer?.();
    this.#heartbeat.start(Math.min(this.#options.heartbeatMs, welcome.heartbeat_seconds * 1000));
    this.#enter('resuming');
    if (this.#status === 'resuming') this.#owner.onSession();
  }

  /** Another token on the same session, so that it outlives the first. If that fails, 4201 will lead to another session. */
  async #renew(): Promise<void> {
    if (typeof this.#options.token === 'string') return;
    const attempt = this.#attempt;
    try {
      const token = await this.#freshToken();
      if (attempt !== this.#attempt) return;
      this.#token = token;
      this.send({type: 'auth', token, ref: 'auth'});
    } catch (error) {
      if (attempt === this.#attempt) this.#owner.onTrouble(error as MLGraphError);
    }
  }

  #end({course, error}: Ending): void {
    if (this.#status === 'idle' || this.#status === 'closed') return;
    const wasLive = this.#status === 'live';
    if (wasLive && this.#platform.now() - (this.#liveSince ?? 0) >= STABLE_MS) this.#failures = 0;
    const canRenew = typeof this.#options.token !== 'string';
    const mayGoOn = canRenew ? course !== 'final' || error.code === 'unauthorized' : course !== 'final' && error.code !== 'token_expired';
    if (!mayGoOn) return this.close(error);
    if (error.code === 'unauthorized') this.#refused = this.#token;
    this.#drop();
    if (course === 'renew' && wasLive) return void this.#connect();
    const delay = delayOf(this.#options.backoff, ++this.#failures, this.#platform.random(), error.retryAfterMs);
    this.#notBefore = this.#platform.now() + error.retryAfterMs;
    this.#wait(delay, () => void this.#connect());
    this.#enter('waiting', {error, retryInMs: delay});
  }

  /** Forgets the socket: a dead one may never say that it closed. */
  #drop(code?: number): void {
    ++this.#attempt;
    this.#cancelTimer?.();
    this.#heartbeat.stop();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#liveSince = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.onerror = () => undefined; // `ws` throws where nobody listens
      if (code === undefined && socket.terminate) socket.terminate();
      else socket.close(code);
    }
    this.#owner.onLost();
  }

  /** The network is said to be back, or the page is seen again: what was waited for may be there. */
  #wake(): void {
    const now = this.#platform.now();
    if (this.#status !== 'waiting') return this.#heartbeat.beat();
    if (now < this.#notBefore || now - this.#attemptedAt < this.#options.backoff.baseMs) return;
    this.#cancelTimer?.();
    void this.#connect();
  }

  #wait(ms: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#platform.after(ms, run);
  }

  #enter(status: Status, more: Omit<StatusChange, 'status' | 'previous'> = {}): void {
    const previous = this.#status;
    this.#status = status;
    this.#owner.onStatus({status, previous, ...more});
  }
}

function lost(why: string, cause?: unknown): MLGraphError {
  return new MLGraphError('connection', why, {retryable: true, cause});
}
