// A client in a fake world, what may happen to it, and what must be true of it whatever does.
import assert from 'node:assert/strict';
import {MLGraphClient, MLGraphError, type DurableEvent, type Gap, type Status, type StatusChange} from '@mlgraph/client';
import {channelsOf, matches} from '../../dist/channels.js';
import {aJob, anAlert, anIndex} from './events.js';
import {FakeServer} from './fake_server.js';
import {FakeWorld, type NetMode} from './fake_world.js';
import {Loop} from './loop.js';

export const CHANNELS = ['job.*', 'index.*', 'alert.*', '*', 'job.progress', 'index.docs.*', 'job.a.*', 'alert.warning'] as const;
export const CLOSE_CODES = [1000, 1001, 1006, 1011, 4001, 4003, 4009, 4100, 4101, 4102, 4103, 4105, 4106, 4201, 4202] as const;

export type Action =
  | {readonly do: 'emit'; readonly what: number; readonly name: number}
  | {readonly do: 'subscribe'; readonly channel: number; readonly back: number}
  | {readonly do: 'unsubscribe' | 'revoke'; readonly channel: number}
  | {readonly do: 'loop'; readonly channel: number; readonly limit: number; readonly back: number; readonly reads: boolean}
  | {readonly do: 'cut'; readonly after: number}
  | {readonly do: 'net'; readonly mode: NetMode}
  | {readonly do: 'end'; readonly code: number; readonly retryAfterMs: number}
  | {readonly do: 'forget'; readonly kept: number}
  | {readonly do: 'pass'; readonly ms: number}
  | {readonly do: 'arrive'; readonly count: number}
  | {readonly do: 'freeze' | 'anew' | 'expire' | 'expiring' | 'limit' | 'wake' | 'tokenFails' | 'tokenIsOld' | 'stall'};

const LEGAL: Readonly<Record<Status, readonly Status[]>> = {
  idle: ['connecting'],
  connecting: ['authenticating', 'waiting', 'closed'],
  authenticating: ['resuming', 'waiting', 'closed'],
  resuming: ['live', 'waiting', 'closed'],
  live: ['waiting', 'connecting', 'closed'],
  waiting: ['connecting', 'closed'],
  closed: ['connecting'],
};
const NAMES = ['docs', 'a', 'b'];

/** What the program has subscribed, and behind which id it must have heard everything. */
interface Subscription {
  readonly channel: string;
  begin: string;
}

export class Machine {
  readonly world: FakeWorld;
  readonly server = new FakeServer();
  readonly client: MLGraphClient;
  readonly heard: string[] = [];
  readonly loops: Loop[] = [];
  readonly logs = new Map<string, DurableEvent[]>();
  #subscriptions: Subscription[] = [];
  #asked = new Set<string>();
  #token = 0;
  #tokenFails = false;
  #tokenIsOld = false;
  #waiting: {due: number; notBefore: number} | undefined;
  #woken = false;
  #released = 0; // times a channel was given up
  #askedBack = 0; // times older events were asked for
  #epochs = 1;
  #isWatching = false;

  constructor(seed: number) {
    this.world = new FakeWorld(seed);
    this.world.peer = this.server;
    this.client = new MLGraphClient({url: 'http://fake', token: () => this.#nextToken()}, this.world);
    this.client.on('status', (change) => this.#onStatus(change));
    this.client.on('gap', (gap) => this.#onGap(gap));
    this.client.on('revoked', ({channels}) => this.#forget(channels));
    this.client.on('*', (event) => 'id' in event && this.heard.push(event.id));
    this.logs.set('e1', this.server.log);
  }

  watch(): void {
    this.#isWatching = true;
    this.client.watch().then(() => this.#subscribed('*', this.client.cursor as string), () => undefined);
    this.#asked.add('*');
  }

  async act(action: Action): Promise<void> {
    switch (action.do) {
      case 'emit': return this.emit(action.what, NAMES[action.name] as string);
      case 'subscribe': return this.#subscribe(CHANNELS[action.channel] as string, action.back);
      case 'unsubscribe': return this.#unsubscribe(CHANNELS[action.channel] as string);
      case 'loop': return this.#loop(CHANNELS[action.channel] as string, action);
      case 'revoke': return this.#revoke(CHANNELS[action.channel] as string);
      case 'cut': if (this.world.live) this.world.live.passing = action.after; return;
      case 'freeze': if (this.world.live) this.world.live.frozen = true; return;
      case 'net': this.world.mode = action.mode; return;
      case 'end': return this.server.endAll(action.code, action.retryAfterMs > 0 ? `so it is retry_after_ms=${action.retryAfterMs}` : '');
      case 'forget': this.server.kept = action.kept; return;
      case 'anew':
        this.server.beginAnew(`e${++this.#epochs}`);
        this.logs.set(this.server.epoch, this.server.log);
        return;
      case 'expire':
        this.#renewToken();
        return this.server.endAll(4201, 'token expired');
      case 'expiring': this.#renewToken(true); return this.server.tellAll('auth_expiring', {expires_at: '2024-12-22T10:31:00.000Z'});
      case 'limit': ++this.server.refuseNext; return;
      case 'wake': this.#woken = true; return this.world.wake();
      case 'tokenFails': this.#tokenFails = true; return;
      case 'tokenIsOld': this.#tokenIsOld = true; return;
      case 'stall': return this.world.stall(60_000);
      case 'arrive': return this.world.arrive(action.count);
      case 'pass': return this.world.pass(action.ms);
    }
  }

  emit(what: number, name: string): void {
    const {server} = this;
    const exists = server.state.indices.has(name);
    const index = {...anIndex(name, server.log.length), index: name};
    if (what === 0 && exists) server.emit('index.updated', {...index, changed: ['vectors']});
    else if (what === 0) server.emit('index.created', index);
    else if (what === 1 && exists) server.emit('index.deleted', {...anIndex(name), index: name});
    else if (what === 2 && exists)
      server.emit('index.shard_transition', {
        index: name, shard: 1, node: 'n1', from: {tier: 'idmap', state: 'active'}, to: {tier: 'ivf', state: 'active'}, reason: 'manual',
        vectors: server.log.length, duration_ms: 1,
      });
    else if (what === 3) server.emit('job.started', aJob(name, 'running', exists ? name : null));
    else if (what === 4) server.emit('job.progress', aJob(name, 'running', exists ? name : null));
    else if (what === 5) server.emit('job.completed', aJob(name, 'completed', exists ? name : null));
    else if (what === 6) server.emit('alert.warning', anAlert(name, 'open'));
    else server.emit('alert.resolved', anAlert(name, 'resolved'));
  }

  /** Everything is well again, and time passes: the client must be where it would be without all that. */
  async heal(): Promise<void> {
    this.world.mode = 'up';
    this.server.refuseNext = 0;
    this.server.forbidden.clear();
    await this.world.pass(200_000);
    if (this.client.status === 'closed') {
      const opened = this.world.sockets.length;
      await this.world.pass(200_000);
      assert.equal(this.world.sockets.length, opened, 'closed is closed');
      void this.client.connect();
      await this.world.pass(200_000);
    }
    assert.equal(this.client.status, 'live');
  }

  check(): void {
    for (const {channel, begin} of this.#subscriptions) {
      const missing = this.due(channel, begin).filter((id) => !this.heard.includes(id));
      assert.deepEqual(missing, [], `${channel} from ${begin}`);
    }
    const counts = new Map<string, number>();
    for (const id of this.heard) counts.set(id, (counts.get(id) ?? 0) + 1);
    // What was heard of a channel that was given up may be heard once more where `since` asks for it.
    const most = 1 + (this.#released > 0 || this.loops.length > 0 ? this.#askedBack : 0);
    for (const [id, count] of counts) assert.ok(count <= most, `${id} was heard ${count} times`);
    for (const loop of this.loops) loop.check(this.logs);
    if (this.#isWatching && this.client.state.ready) {
      const objects = ({indices, jobs, alerts}: ReturnType<typeof this.client.state.toState>) => ({indices, jobs, alerts});
      assert.deepEqual(objects(this.client.state.toState()), objects(this.server.state.toState()));
    }
  }

  /** Nothing is left behind. */
  async finish(): Promise<void> {
    this.client.close();
    await this.world.settle();
    assert.equal(this.client.status, 'closed');
    for (const loop of this.loops) {
      await loop.finish();
      loop.check(this.logs);
    }
    assert.equal(this.world.timers.size, 0, 'timers');
    assert.equal(this.world.wakers.size, 0, 'listeners');
    assert.ok(this.world.sockets.every(({closed}) => closed), 'sockets');
    await assert.rejects(this.client.subscribe('*'), (error) => error instanceof MLGraphError && error.code === 'closed');
  }

  get isReady(): boolean {
    return !this.#isWatching || this.client.state.ready;
  }

  /** Ids of the newest history that a channel brings after one. */
  due(channel: string, begin: string): string[] {
    const [epoch, seq] = begin.split('-');
    const from = epoch === this.server.epoch ? Number(seq) : 0;
    return this.server.log.slice(from).filter((event) => matches(channel, channelsOf(event))).map(({id}) => id);
  }

  #subscribe(channel: string, back: number): void {
    const since = this.#sinceOf(back);
    this.#asked.add(channel);
    const released = this.#released;
    this.client.subscribe(channel, since === undefined ? {} : {since})
      .then(({id}) => released === this.#released && this.#subscribed(channel, id), () => undefined);
  }

  #subscribed(channel: string, begin: string): void {
    if (this.#asked.has(channel) && !this.#subscriptions.some((one) => one.channel === channel)) this.#subscriptions.push({channel, begin});
  }

  #unsubscribe(channel: string): void {
    if (channel === '*' && this.#isWatching) return;
    this.#forget([channel]);
    void this.client.unsubscribe(channel);
  }

  #forget(channels: readonly string[]): void {
    ++this.#released;
    for (const channel of channels) this.#asked.delete(channel);
    this.#subscriptions = this.#subscriptions.filter(({channel}) => !channels.includes(channel));
  }

  #loop(channel: string, {limit, back, reads}: {limit: number; back: number; reads: boolean}): void {
    if (this.client.status === 'closed') return;
    const since = this.#sinceOf(back);
    this.loops.push(new Loop(this.client, channel, limit, since, reads, () => ++this.#released));
  }

  /** undefined for the tail. */
  #sinceOf(back: number): string | undefined {
    if (back < 0) return undefined;
    ++this.#askedBack;
    return `${this.server.epoch}-${Math.max(0, this.server.log.length - back)}`;
  }

  #revoke(channel: string): void {
    const family = channel.split('.')[0] as string;
    if (family !== '*') this.server.forbid(family);
  }

  #renewToken(keepOld = false): void {
    if (!keepOld) this.server.tokens.clear();
    this.server.tokens.add(`mlg_token_${++this.#token}`);
  }

  async #nextToken(): Promise<string> {
    await Promise.resolve();
    if (this.#tokenFails) {
      this.#tokenFails = false;
      throw new Error('no token today');
    }
    const old = this.#tokenIsOld;
    this.#tokenIsOld = false;
    return `mlg_token_${old ? 'never' : this.#token}`;
  }

  #onStatus({status, previous, error, retryInMs}: StatusChange): void {
    assert.ok(LEGAL[previous].includes(status), `${previous} -> ${status}`);
    const now = this.world.now();
    if (status === 'waiting') {
      const least = error?.retryAfterMs ?? 0;
      assert.ok(retryInMs !== undefined && retryInMs >= least && retryInMs <= least + 30_000, `waits ${retryInMs} ms`);
      this.#waiting = {due: now + retryInMs, notBefore: now + least};
      this.#woken = false;
    }
    if (status === 'connecting' && previous === 'waiting' && this.#waiting)
      assert.ok(now >= (this.#woken ? this.#waiting.notBefore : this.#waiting.due), `came back ${this.#waiting.due - now} ms early`);
    if (status === 'connecting') assert.ok(this.world.sockets.every(({closed}) => closed), 'one connection at a time');
  }

  #onGap({channels, id}: Gap): void {
    for (const subscription of this.#subscriptions) if (channels.includes(subscription.channel)) subscription.begin = id;
  }
}
