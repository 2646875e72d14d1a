// The realtime client: what programs hold in their hands.
import type {BackoffOptions} from './backoff.js';
import {channelsOf, isEventType, matches} from './channels.js';
import {socketAddress} from './address.js';
import {Connection, type Status, type StatusChange} from './connection.js';
import {MLGraphError} from './error.js';
import type {EventOf, StreamEvent} from './events.js';
import {EventQueue} from './event_queue.js';
import {Listeners, type NoticeMap} from './listeners.js';
import type {LiveState} from './live_state.js';
import {errorOf, type Authenticated, type Message, type Subscribed} from './messages.js';
import type {Cursor} from './objects.js';
import {realPlatform, type Platform, type SocketClass} from './platform.js';
import {Requests} from './requests.js';
import {StateSync} from './state_sync.js';
import {Subscriptions, type Want} from './subscriptions.js';
import type {TokenSource} from './token.js';

export interface ClientOptions {
  /** The server: `https://host`, or its socket, `wss://host/ws`. */
  readonly url: string | URL;
  /** A token, or a function that gets one: asked for each connection, and again before the token expires. */
  readonly token: TokenSource;
  /** Who this is, for the server's log. Default `@mlgraph/client`. */
  readonly clientName?: string;
  /** Delays between attempts; by default 1 s, 2 s, 4 s … 30 s at most, each with full jitter. */
  readonly backoff?: BackoffOptions;
  /** From the begin of an attempt until the server knows us, in milliseconds. Default 15000. */
  readonly connectTimeoutMs?: number;
  /** Between two pings, in milliseconds; never more than the server's `heartbeat_seconds`. Default 25000. */
  readonly heartbeatMs?: number;
  /** A WebSocket class of your own. Default: the global one, else that of the package `ws`. */
  readonly WebSocket?: SocketClass;
}

export interface SubscribeOptions {
  /**
   * An id: the events after it come first. A connection brings each event once, so of `subscribe` this needs channels that are not
   * subscribed yet, and of `events` that no other of the same family is (`conflict`): history beside live listeners takes another client.
   */
  readonly since?: Cursor;
}

export interface EventsOptions extends SubscribeOptions {
  /** Events that may wait to be taken. Default 1024. One more ends the loop with an error, code `overflow`. */
  readonly limit?: number;
  /** Ends the loop with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A list, or a single one. */
export type Channels<Pattern extends string = string> = Pattern | readonly Pattern[];

/**
 * Connects when something is first asked for, stays connected, and goes on where it was: each durable event of a subscribed channel
 * comes once and in order, whatever happens to connections; where that cannot be (`gap`), it is told.
 */
export class MLGraphClient {
  readonly #listeners = new Listeners();
  readonly #requests: Requests;
  readonly #subscriptions: Subscriptions;
  readonly #sync: StateSync;
  readonly #connection: Connection;
  readonly #program = {}; // owns what `subscribe` asked for
  readonly #queues = new Map<EventQueue<StreamEvent>, readonly string[]>();
  #waiters: {resolve: () => void; reject: (error: MLGraphError) => void}[] = [];
  #ending: MLGraphError | undefined;
  #scopes: string | undefined;

  /**
   * @param platform for tests: time, chance and sockets.
   * @throws TypeError if `url` is none.
   */
  constructor(options: ClientOptions, platform: Platform = realPlatform(options.WebSocket)) {
    const {url, token, clientName = '@mlgraph/client', backoff = {}, connectTimeoutMs = 15_000, heartbeatMs = 25_000} = options;
    const {baseMs = 1_000, maxMs = 30_000} = backoff;
    this.#requests = new Requests(platform, (message) => this.#connection.send(message));
    const onUnusable = (error: MLGraphError) => this.#connection.fail(error);
    this.#sync = new StateSync(this.#requests, {onUnusable, onState: (id) => this.#subscriptions.interest.passed(id)});
    this.#subscriptions = new Subscriptions(this.#requests, {
      onUnusable,
      onUsedUp: () => this.#connection.restart(),
      onScopeChange: () => this.#sync.need(),
      onGap: (gap) => {
        this.#sync.lapse();
        this.#endQueues(gap.channels, 'gap', 'the next events are out of reach');
        this.#listeners.notify('gap', gap);
      },
      onRevoked: (revoked) => {
        this.#endQueues(revoked.channels, 'revoked', revoked.reason);
        this.#listeners.notify('revoked', revoked);
      },
    });
    this.#connection = new Connection(
      {url: socketAddress(url), token, clientName, backoff: {baseMs, maxMs}, connectTimeoutMs, heartbeatMs}, platform,
      {
        onStatus: (change) => this.#onStatus(change),
        onSession: () => this.#subscriptions.resume(() => this.#connection.resumed()),
        onMessage: (message) => this.#hear(message),
        onLost: () => {
          this.#subscriptions.lost();
          this.#requests.lose();
          this.#sync.lost();
        },
        onTrouble: (error) => this.#listeners.notify('error', error),
      },
    );
  }

  get status(): Status {
    return this.#connection.status;
  }

  /** How far the log has been heard: `since` for a later program. undefined before the first subscription is answered. */
  get cursor(): Cursor | undefined {
    return this.#subscriptions.interest.at;
  }

  /** Indices, jobs, alerts and newest metrics; `watch()` fills it. */
  get state(): LiveState {
    return this.#sync.state;
  }

  /**
   * Connects, also again after it was closed: subscriptions are resumed. Not needed before the other calls, they do.
   * @returns when live. Rejects with MLGraphError when it was closed instead; what may pass is tried again meanwhile.
   */
  connect(): Promise<void> {
    if (this.status === 'live') return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({resolve, reject});
      this.#ending = undefined;
      this.#connection.open();
    });
  }

  /** Ends the connection, all loops (as if there were no more events) and what is asked for (code `closed`). */
  close(): void {
    this.#connection.close();
  }

  /**
   * Listens to the events of subscribed channels that a pattern brings (`job.progress`, `job.*`, `index.docs.*`, `*`), or to what the
   * client itself tells (`status`, `gap`, `revoked`, `error`). It subscribes nothing.
   * @returns what takes it back.
   */
  on<Name extends keyof NoticeMap>(name: Name, listener: (notice: NoticeMap[Name]) => void): () => void;
  on<const Pattern extends string>(pattern: Pattern, listener: (event: EventOf<Pattern>) => void): () => void;
  on(name: string, listener: (value: never) => void): () => void {
    return this.#listeners.add(name, listener);
  }

  /**
   * Subscribes channels, all or none, until `unsubscribe`; they are subscribed again on each new connection.
   * @returns the server's answer. Rejects with MLGraphError: what the server refused (`forbidden`, `invalid_channel`, …); `conflict`
   *   where `since` is asked for and one of them is subscribed; `closed`. While there is no connection it waits.
   */
  subscribe(channels: Channels, {since}: SubscribeOptions = {}): Promise<Subscribed> {
    return this.#want(this.#program, listOf(channels), {since});
  }

  /**
   * Takes back what `subscribe` and `watch` subscribed; loops keep theirs. @param channels left out: all.
   * @returns once nothing more of them will come.
   */
  unsubscribe(channels?: Channels): Promise<void> {
    return this.#subscriptions.release(this.#program, channels === undefined ? this.#subscriptions.of(this.#program) : listOf(channels));
  }

  /**
   * Fills `state` and keeps it right. @param channels what it is to show. Default everything.
   * @returns it, when it is whole. Rejects like `subscribe`.
   */
  async watch(channels: Channels = '*'): Promise<LiveState> {
    await this.#want(this.#program, listOf(channels));
    return this.#sync.settled();
  }

  /**
   * The events of some channels, for `for await`; subscribed while the loop runs.
   *
   * The loop ends when the client is closed by the program. It throws an error, after all events that came before it, where the
   * next event would not be the next one: MLGraphError `overflow` (more than `limit` events wait; its `since` says where to begin
   * again), `gap`, `revoked`, a refused subscription, a connection that ended for good. An aborted `signal` throws its reason at once.
   */
  events<const Pattern extends string>(
    channels: Channels<Pattern>, {since, limit = 1024, signal}: EventsOptions = {},
  ): AsyncIterableIterator<EventOf<Pattern>> {
    const list = listOf(channels);
    const onAbort = () => queue.abort(signal?.reason);
    const queue = new EventQueue<StreamEvent>(limit, () => {
      signal?.removeEventListener('abort', onAbort);
      this.#queues.delete(queue);
      void this.#subscriptions.release(queue, list);
    });
    signal?.addEventListener('abort', onAbort);
    this.#queues.set(queue, list);
    if (signal?.aborted) onAbort();
    else this.#want(queue, list, {since, alone: true, onAnswer: ({id}) => queue.begin(id)}).catch((error: unknown) => queue.end(error));
    return queue as unknown as AsyncIterableIterator<EventOf<Pattern>>;
  }

  #want(owner: object, channels: readonly string[], want?: Want): Promise<Subscribed> {
    if (this.status === 'closed') return Promise.reject(this.#ending ?? closedByProgram());
    const answer = this.#subscriptions.want(owner, channels, want);
    this.#connection.open();
    return answer;
  }

  #hear(message: Message): void {
    if (this.#requests.take(message)) return;
    if (isEventType(message.type)) return this.#deliver(message as StreamEvent);
    if (message.type === 'pong' && message.id) this.#subscriptions.interest.passed(message.id);
    else if (message.type === 'unsubscribed') this.#subscriptions.taken(message.data.channels, message.data.reason ?? '');
    else if (message.type === 'authenticated') this.#onAuthenticated(message.data);
    else if (message.type === 'error') this.#listeners.notify('error', errorOf(message.data));
  }

  #deliver(event: StreamEvent): void {
    if (!this.#subscriptions.isHearing) return;
    const names = channelsOf(event);
    if (!this.#subscriptions.interest.take(event, names)) return;
    this.#sync.take(event);
    for (const [queue, channels] of [...this.#queues]) if (channels.some((channel) => matches(channel, names))) queue.push(event);
    this.#listeners.deliver(event, names);
  }

  /** Under other scopes the same channels show something else. */
  #onAuthenticated({subject, scopes}: Authenticated): void {
    const now = JSON.stringify([subject, scopes]);
    if (this.#scopes !== undefined && this.#scopes !== now) this.#sync.need();
    this.#scopes = now;
  }

  #onStatus(change: StatusChange): void {
    if (change.status === 'closed') {
      this.#ending = change.error;
      const error = change.error ?? closedByProgram();
      this.#requests.refuseAll(error);
      this.#sync.end(error);
      for (const queue of [...this.#queues.keys()]) queue.end(change.error);
      for (const {reject} of this.#waiters.splice(0)) reject(error);
    }
    if (change.status === 'live') for (const {resolve} of this.#waiters.splice(0)) resolve();
    this.#listeners.notify('status', change);
  }

  #endQueues(channels: readonly string[], code: 'gap' | 'revoked', text: string): void {
    for (const [queue, own] of [...this.#queues])
      if (own.some((channel) => channels.includes(channel))) queue.end(new MLGraphError(code, text, {since: queue.last}));
  }
}

function listOf(channels: Channels): readonly string[] {
  return typeof channels === 'string' ? [channels] : [...channels];
}

function closedByProgram(): MLGraphError {
  return new MLGraphError('closed', 'the client is closed');
}
