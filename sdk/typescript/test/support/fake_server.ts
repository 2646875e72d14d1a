// A server that keeps to docs/protocol.md, in memory: one log, sessions that are told what they asked for, once.
import {StateFold, type DurableEvent, type StreamEvent} from '@mlgraph/client';
import {channelsOf, matches} from '../../dist/channels.js';
import type {FakePeer, FakeSocket} from './fake_world.js';

interface Session {
  readonly patterns: Map<string, number>;
  readonly sent: Set<number>;
  isKnown: boolean;
}

interface Request {
  readonly type: string;
  readonly ref?: string | number;
  readonly token?: string;
  readonly channels?: readonly string[];
  readonly since?: string;
}

const AT = '2024-12-22T10:30:00.000Z';
const LIMITS = {patterns: 128};

export class FakeServer implements FakePeer {
  epoch = 'e1';
  log: DurableEvent[] = [];
  /** Events that can still be replayed. */
  kept = Infinity;
  /** Tokens that are let in. */
  readonly tokens = new Set(['mlg_token_0']);
  /** Families that no token may hear. */
  readonly forbidden = new Set<string>();
  /** Requests that are refused as too many. */
  refuseNext = 0;
  heartbeatSeconds = 25;
  partsOfState = 1;
  scopes = ['admin'];
  readonly requests: Request[] = [];
  readonly sessions = new Map<FakeSocket, Session>();
  #fold = new StateFold();

  get tail(): string {
    return `${this.epoch}-${this.log.length}`;
  }

  get state(): StateFold {
    return this.#fold;
  }

  // What happens -----------------------------------------------------------------------------------------------------
  /** Appends an event, and tells it. */
  emit(type: string, data: object): DurableEvent {
    const event = {type, timestamp: AT, data, id: `${this.epoch}-${this.log.length + 1}`} as unknown as DurableEvent;
    this.log.push(event);
    this.#fold.apply(event);
    for (const [socket, session] of this.sessions) this.#tell(socket, session, this.log.length);
    return event;
  }

  sample(event: StreamEvent): void {
    this.#fold.apply(event);
    for (const [socket, session] of this.sessions)
      if ([...session.patterns.keys()].some((pattern) => matches(pattern, channelsOf(event)))) socket.deliver(event);
  }

  /** Another history. */
  beginAnew(epoch: string): void {
    this.epoch = epoch;
    this.log = [];
    this.#fold = new StateFold();
    this.endAll(1001, 'restored');
  }

  endAll(code: number, reason = ''): void {
    for (const socket of [...this.sessions.keys()]) socket.endLater(code, reason);
  }

  forbid(family: string): void {
    this.forbidden.add(family);
    for (const [socket, {patterns}] of this.sessions) {
      const gone = [...patterns.keys()].filter((pattern) => !this.#allows(pattern));
      for (const pattern of gone) patterns.delete(pattern);
      if (gone.length > 0) this.#say(socket, 'unsubscribed', {channels: [...patterns.keys()], reason: 'the scopes were changed'});
    }
  }

  tellAll(type: string, data: object): void {
    for (const socket of this.sessions.keys()) this.#say(socket, type, data);
  }

  // What clients do --------------------------------------------------------------------------------------------------
  onOpen(socket: FakeSocket): void {
    this.sessions.set(socket, {patterns: new Map(), sent: new Set(), isKnown: false});
  }

  onGone(socket: FakeSocket): void {
    this.sessions.delete(socket);
  }

  onText(socket: FakeSocket, text: string): void {
    const session = this.sessions.get(socket);
    if (!session) return;
    const request = JSON.parse(text) as Request;
    this.requests.push(request);
    const refuse = (code: string, more = {}) =>
      this.#say(socket, 'error', {code, message: `${code}: ${text}`, retryable: code === 'rate_limited', ...more}, request.ref);
    if (this.refuseNext > 0 && !['auth', 'hello'].includes(request.type)) {
      --this.refuseNext;
      return refuse('rate_limited', {retry_after_ms: 700});
    }
    if (!session.isKnown && !['auth', 'hello', 'ping'].includes(request.type)) return refuse('unauthorized');
    switch (request.type) {
      case 'auth':
        if (!this.tokens.has(request.token ?? '')) {
          refuse('unauthorized');
          return socket.endLater(4001, 'unauthorized');
        }
        session.isKnown = true;
        return this.#say(socket, 'authenticated', {subject: 'test', scopes: this.scopes, expires_at: null}, request.ref);
      case 'hello':
        return this.#say(socket, 'welcome', {
          server: 'fake', version: '1', node: 'n1', session: 's', epoch: this.epoch, id: this.tail, oldest_id: this.tail,
          authenticated: session.isKnown, heartbeat_seconds: this.heartbeatSeconds, limits: LIMITS,
        }, request.ref);
      case 'ping':
        return this.#pong(socket, request);
      case 'sync':
        return this.#state(socket, session, request);
      case 'subscribe':
        return this.#subscribe(socket, session, request, refuse);
      case 'unsubscribe':
        for (const channel of request.channels ?? []) session.patterns.delete(channel);
        if (request.channels?.includes('*')) session.patterns.clear();
        return this.#say(socket, 'unsubscribed', {channels: [...session.patterns.keys()]}, request.ref);
      default:
        return refuse('unknown_type');
    }
  }

  #subscribe(socket: FakeSocket, session: Session, {channels = [], since, ref}: Request, refuse: (code: string) => void): void {
    if (channels.some((channel) => channel.includes('..'))) return refuse('invalid_channel');
    if (channels.some((channel) => !this.#allows(channel))) return refuse('forbidden');
    const [epoch, seq] = since?.split('-') ?? [];
    if (epoch === this.epoch && Number(seq) > this.log.length) return refuse('bad_request');
    const recovered = epoch === this.epoch && Number(seq) >= this.log.length - this.kept;
    const begin = recovered ? Number(seq) : this.log.length;
    for (const channel of channels) if (!session.patterns.has(channel)) session.patterns.set(channel, begin);
    this.#say(socket, 'subscribed', {channels: [...session.patterns.keys()], id: `${this.epoch}-${begin}`, recovered}, ref);
    for (let at = begin + 1; at <= this.log.length; ++at) this.#tell(socket, session, at);
  }

  #state(socket: FakeSocket, {patterns}: Session, {ref}: Request): void {
    const all = this.#fold.toState();
    const asked = (type: string, data: object) => [...patterns.keys()].some((pattern) => {
      const names = channelsOf({type, data} as StreamEvent);
      return matches(pattern, names) || pattern.startsWith(names[1].slice(0, names[1].lastIndexOf('.') + 1));
    });
    const count = this.partsOfState;
    for (let part = 0; part < count; ++part) {
      const share = <T>(list: readonly T[]) => list.filter((_, place) => place % count === part);
      socket.deliver({
        type: 'state', timestamp: AT, id: this.tail, ref,
        data: {
          indices: share(all.indices).filter((index) => asked('index.created', {index: index.index_id})),
          jobs: share(all.jobs).filter((job) => asked('job.started', job)),
          alerts: share(all.alerts).filter((alert) => asked('alert.warning', alert)),
          metrics: share(all.metrics).filter((sample) => asked(sample.type, sample)),
          part, last: part === count - 1,
        },
      });
    }
  }

  #pong(socket: FakeSocket, {ref}: Request): void {
    socket.deliver({type: 'pong', timestamp: AT, ...(ref === undefined ? {} : {id: this.tail, ref})});
  }

  #tell(socket: FakeSocket, {patterns, sent}: Session, seq: number): void {
    const event = this.log[seq - 1] as DurableEvent;
    const names = channelsOf(event);
    if (sent.has(seq) || ![...patterns].some(([pattern, begin]) => seq > begin && matches(pattern, names))) return;
    sent.add(seq);
    socket.deliver(event);
  }

  #allows(pattern: string): boolean {
    return !this.forbidden.has(pattern.split('.')[0] as string);
  }

  #say(socket: FakeSocket, type: string, data: object, ref?: string | number): void {
    socket.deliver({type, timestamp: AT, data, ...(ref === undefined ? {} : {ref})});
  }
}
