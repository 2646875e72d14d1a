// What programs are promised, one promise a test, in a fake world.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MLGraphClient, MLGraphError, type ClientOptions, type StatusChange} from '@mlgraph/client';
import {aJob, anIndex, aSample} from './support/events.js';
import {FakeServer} from './support/fake_server.js';
import {FakeWorld} from './support/fake_world.js';

function begin(options: Partial<ClientOptions> = {}) {
  const world = new FakeWorld();
  const server = new FakeServer();
  world.peer = server;
  const client = new MLGraphClient({url: 'http://fake', token: 'mlg_token_0', ...options}, world);
  const told: StatusChange[] = [];
  client.on('status', (change) => told.push(change));
  const emitJob = (jobId: string) => server.emit('job.started', aJob(jobId, 'running')).id;
  /** What was asked with `type`, without refs. */
  const asked = (type: string) => server.requests.filter((request) => request.type === type).map(({ref: _, ...rest}) => rest);
  return {world, server, client, told, emitJob, asked};
}

async function settled<T>(world: FakeWorld, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined); // whoever awaits it is told
  await world.settle();
  return promise;
}

function withCode(code: string) {
  return (error: unknown) => error instanceof MLGraphError && error.code === code;
}

test('subscribe connects, and resolves with what the server answered', async () => {
  const {client, world, told} = begin();
  assert.equal(client.status, 'idle');
  const answer = await settled(world, client.subscribe(['job.*', 'alert.*']));
  assert.deepEqual(answer, {channels: ['job.*', 'alert.*'], id: 'e1-0', recovered: false});
  assert.deepEqual(told.map(({status}) => status), ['connecting', 'authenticating', 'resuming', 'live']);
  assert.equal(client.cursor, 'e1-0');
});

test('listeners hear what their patterns bring, and can be taken back', async () => {
  const {client, world, server, emitJob} = begin();
  const heard: string[] = [];
  const off = client.on('job.*', ({data}) => heard.push(`job.* ${data.jobId}`));
  client.on('job.a.started', ({data}) => heard.push(`job.a.started ${data.jobId}`));
  client.on('metrics.system', ({data}) => heard.push(`qps ${data.qps}`));
  await settled(world, client.subscribe('*'));
  emitJob('a');
  server.sample(aSample(7));
  await world.settle();
  off();
  emitJob('b');
  await world.settle();
  assert.deepEqual(heard, ['job.* a', 'job.a.started a', 'qps 7']);
});

test('a refused subscription rejects and leaves nothing behind', async () => {
  const {client, world, server, asked} = begin();
  await settled(world, client.subscribe('job.*'));
  await assert.rejects(settled(world, client.subscribe(['index.*', 'a..b'])), withCode('invalid_channel'));
  server.endAll(1001);
  await world.pass(2_000);
  assert.deepEqual(asked('subscribe').at(-1), {type: 'subscribe', channels: ['job.*'], since: 'e1-0'});
});

test('what is refused as too much at once is asked again when the server says', async () => {
  const {client, world, server, asked} = begin();
  await settled(world, client.connect());
  server.refuseNext = 1;
  const answer = client.subscribe('job.*');
  await world.pass(699);
  assert.equal(asked('subscribe').length, 1);
  await world.pass(1);
  assert.equal((await answer).id, 'e1-0');
  assert.equal(asked('subscribe').length, 2);
});

test('after a cut it goes on behind the last event, and hears none twice', async () => {
  const {client, world, emitJob, asked} = begin();
  const heard: string[] = [];
  client.on('*', (event) => 'id' in event && heard.push(event.id));
  await settled(world, client.subscribe('job.*'));
  emitJob('a');
  await world.settle();
  (world.live as {passing: number}).passing = 1;
  for (const name of ['b', 'c', 'd']) emitJob(name);
  await world.pass(1_000);
  assert.deepEqual(heard, ['e1-1', 'e1-2', 'e1-3', 'e1-4']);
  assert.deepEqual(asked('subscribe').at(-1), {type: 'subscribe', channels: ['job.*'], since: 'e1-2'});
});

test('a quiet subscription keeps its place fresh by pings', async () => {
  const {client, world, server, asked} = begin();
  await settled(world, client.subscribe('job.*'));
  server.emit('index.created', {...anIndex('docs'), index: 'docs'});
  await world.pass(25_000);
  assert.equal(client.cursor, 'e1-1');
  server.kept = 0;
  server.endAll(1001);
  await world.pass(2_000);
  assert.deepEqual(asked('subscribe').at(-1), {type: 'subscribe', channels: ['job.*'], since: 'e1-1'});
});

test('a half-open connection is noticed by the second beat', async () => {
  const {client, world, server, told} = begin();
  server.heartbeatSeconds = 5;
  await settled(world, client.subscribe('job.*'));
  (world.live as {frozen: boolean}).frozen = true;
  await world.pass(9_999);
  assert.equal(client.status, 'live');
  await world.pass(1);
  assert.equal(told.at(-1)?.status, 'waiting');
});

test('who stood still is not taken for dead before what came meanwhile is read', async () => {
  const {client, world} = begin();
  await settled(world, client.subscribe('job.*'));
  await world.pass(25_000 + 1);
  world.stall(3_600_000);
  await world.pass(60_000);
  assert.equal(client.status, 'live');
  assert.equal(world.sockets.length, 1);
});

test('delays grow from 1 s to 30 s, each anything from 0 to that', async () => {
  const {client, world, told} = begin();
  world.mode = 'refusing';
  void client.subscribe('*').catch(() => undefined);
  await world.pass(600_000);
  const waits = told.filter(({status}) => status === 'waiting').map(({retryInMs}) => retryInMs as number);
  assert.ok(waits.length > 20);
  waits.forEach((wait, place) => assert.ok(wait >= 0 && wait <= Math.min(30_000, 1_000 * 2 ** place), `${wait} at ${place}`));
  assert.ok(Math.max(...waits) > 20_000 && Math.min(...waits.slice(5)) < 10_000);
  client.close();
});

test('retry_after_ms of a close is the least delay, also where the network is said to be back', async () => {
  const {client, world, server} = begin();
  await settled(world, client.subscribe('*'));
  server.endAll(4103, 'shutdown retry_after_ms=20000');
  await world.settle();
  await world.pass(5_000);
  await world.wake();
  await world.pass(14_999);
  assert.equal(world.sockets.length, 1);
  await world.wake();
  await world.pass(1_001);
  assert.equal(client.status, 'live');
});

test('when the network is back, or the page is seen again, nobody waits on', async () => {
  const {client, world} = begin({backoff: {baseMs: 1_000_000, maxMs: 1_000_000}});
  world.mode = 'refusing';
  void client.connect();
  await world.pass(1);
  assert.equal(client.status, 'waiting');
  world.mode = 'up';
  world.stall(1_000_000);
  await world.wake();
  assert.equal(client.status, 'live');
});

test('seen again while live: asked at once whether the server is there', async () => {
  const {client, world, asked} = begin();
  await settled(world, client.subscribe('*'));
  await world.wake();
  assert.deepEqual(asked('ping'), [{type: 'ping'}]);
  (world.live as {frozen: boolean}).frozen = true;
  await world.wake();
  await world.pass(10_000);
  assert.notEqual(client.status, 'live');
});

test('an attempt that leads nowhere ends after connectTimeoutMs', async () => {
  const {client, world, told} = begin({connectTimeoutMs: 3_000});
  world.mode = 'silent';
  void client.subscribe('*').catch(() => undefined);
  await world.pass(3_000);
  assert.equal(told.at(-1)?.status, 'waiting');
  assert.equal(world.live, undefined);
  client.close();
});

test('a token is got again before it expires, and the session goes on', async () => {
  let made = 0;
  const {client, world, server, asked} = begin({token: async () => `mlg_token_${made++}`});
  await settled(world, client.subscribe('*'));
  server.tokens.add('mlg_token_1');
  server.tellAll('auth_expiring', {expires_at: '2024-12-22T10:31:00.000Z'});
  await world.settle();
  assert.deepEqual(asked('auth').map(({token}) => token), ['mlg_token_0', 'mlg_token_1']);
  assert.equal(world.sockets.length, 1);
});

test('4201 leads to a new token at once; with a token that cannot be renewed it is the end', async () => {
  let made = 0;
  const renewing = begin({token: () => `mlg_token_${made++}`});
  await settled(renewing.world, renewing.client.subscribe('*'));
  renewing.server.tokens.add('mlg_token_1');
  renewing.server.endAll(4201, 'token expired');
  await renewing.world.settle();
  assert.equal(renewing.client.status, 'live');

  const fixed = begin();
  await settled(fixed.world, fixed.client.subscribe('*'));
  fixed.server.endAll(4201, 'token expired');
  await fixed.world.pass(100_000);
  assert.equal(fixed.client.status, 'closed');
  assert.equal(fixed.told.at(-1)?.error?.code, 'token_expired');
});

test('a refused token is the end, unless the function has another', async () => {
  const fixed = begin({token: 'mlg_unknown'});
  await assert.rejects(settled(fixed.world, fixed.client.subscribe('*')), withCode('unauthorized'));
  assert.equal(fixed.client.status, 'closed');

  const tokens = ['mlg_unknown', 'mlg_token_0'];
  const other = begin({token: () => tokens.shift() ?? 'none'});
  const answer = other.client.subscribe('*');
  await other.world.pass(2_000);
  assert.equal((await answer).id, 'e1-0');

  const same = begin({token: () => 'mlg_unknown'});
  const refused = assert.rejects(same.client.subscribe('*'), withCode('unauthorized'));
  await same.world.pass(2_000);
  await refused;
  assert.equal(same.world.sockets.length, 1);
});

test('watch fills the state, and events keep it right', async () => {
  const {client, world, server} = begin();
  server.partsOfState = 3;
  for (const name of ['a', 'b', 'c', 'd']) server.emit('index.created', {...anIndex(name), index: name});
  const state = await settled(world, client.watch());
  assert.equal(state, client.state);
  assert.deepEqual([...state.indices.keys()].sort(), ['a', 'b', 'c', 'd']);
  const changes: string[] = [];
  state.onChange((change) => changes.push(typeof change === 'string' ? change : change.type));
  const version = state.version;
  server.emit('index.deleted', {...anIndex('a'), index: 'a'});
  server.sample(aSample(3));
  await world.settle();
  assert.deepEqual(changes, ['index.deleted', 'metrics.system']);
  assert.equal(state.version, version + 2);
  assert.equal(state.id, server.tail);
  assert.equal(state.metrics.get('metrics.n1.system')?.type, 'metrics.system');
  assert.deepEqual(state.toState(), server.state.toState());
});

test('a state is asked for again when events are out of reach, and a gap is told', async () => {
  const {client, world, server} = begin();
  await settled(world, client.watch());
  const gaps: unknown[] = [];
  client.on('gap', (gap) => gaps.push(gap));
  world.mode = 'refusing';
  server.endAll(1001);
  await world.settle();
  for (const name of ['a', 'b', 'c']) server.emit('index.created', {...anIndex(name), index: name});
  server.kept = 1;
  world.mode = 'up';
  await world.pass(60_000);
  assert.deepEqual(gaps, [{channels: ['*'], since: 'e1-0', id: 'e1-3'}]);
  assert.deepEqual([...client.state.indices.keys()], ['a', 'b', 'c']);
  assert.equal(client.state.ready, true);
});

test('a state grows when more channels are heard, and only then is one asked for', async () => {
  const {client, world, server, emitJob, asked} = begin();
  server.emit('index.created', {...anIndex('docs'), index: 'docs'});
  emitJob('a');
  await settled(world, client.watch('index.*'));
  assert.deepEqual([client.state.indices.size, client.state.jobs.size], [1, 0]);
  await settled(world, client.subscribe('job.*'));
  assert.deepEqual([client.state.indices.size, client.state.jobs.size], [1, 1]);
  await settled(world, client.subscribe('job.a.*'));
  assert.equal(asked('sync').length, 2);
  await settled(world, client.unsubscribe('index.*'));
  assert.deepEqual([client.state.indices.size, client.state.jobs.size], [0, 1]);
});

test("giving up '*' keeps the others", async () => {
  const {client, world, emitJob} = begin();
  const heard: string[] = [];
  client.on('*', ({type}) => heard.push(type));
  await settled(world, client.subscribe('job.*'));
  await settled(world, client.subscribe('*'));
  await settled(world, client.unsubscribe('*'));
  emitJob('a');
  await world.settle();
  assert.deepEqual(heard, ['job.started']);
});

test('channels that were forbidden meanwhile are given up one by one, the rest is resumed', async () => {
  const {client, world, server, emitJob} = begin();
  await settled(world, client.subscribe(['alert.*', 'job.*', 'alert.warning']));
  const revoked: string[] = [];
  client.on('revoked', ({channels}) => revoked.push(...channels));
  server.endAll(4202);
  server.forbidden.add('alert');
  emitJob('a');
  const heard: string[] = [];
  client.on('job.*', ({id}) => heard.push(id));
  await world.pass(10_000);
  assert.equal(client.status, 'live');
  assert.deepEqual(revoked, ['alert.*', 'alert.warning']);
  assert.deepEqual(heard, ['e1-1']);
});

test('closed by the program: waiting calls reject, connect begins again where it was', async () => {
  const {client, world, emitJob} = begin();
  const heard: string[] = [];
  client.on('*', (event) => 'id' in event && heard.push(event.id));
  await settled(world, client.subscribe('job.*'));
  world.mode = 'silent';
  const waiting = assert.rejects(client.subscribe('index.*'), withCode('closed'));
  client.close();
  await waiting;
  await assert.rejects(client.watch(), withCode('closed'));
  emitJob('a');
  world.mode = 'up';
  await settled(world, client.connect());
  await world.settle();
  assert.deepEqual(heard, ['e1-1']);
});

test('a final close says why, to all that wait', async () => {
  const {client, world, server, told} = begin();
  await settled(world, client.subscribe('*'));
  const loop = client.events('job.*')[Symbol.asyncIterator]();
  const next = assert.rejects(loop.next(), withCode('forbidden'));
  server.tellAll('error', {code: 'forbidden', message: 'not here', retryable: false});
  server.endAll(4003, 'forbidden');
  await world.pass(100_000);
  await next;
  assert.equal(told.at(-1)?.error?.message, 'not here');
  await assert.rejects(client.subscribe('job.*'), withCode('forbidden'));
});

test('a listener that throws hinders nobody else, and is seen', async (t) => {
  const {client, world, emitJob} = begin();
  const thrown: (() => void)[] = [];
  t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => thrown.push(run));
  const heard: string[] = [];
  client.on('job.*', () => {
    throw new Error('a bug');
  });
  client.on('job.*', ({id}) => heard.push(id));
  await settled(world, client.subscribe('*'));
  emitJob('a');
  await world.settle();
  assert.deepEqual(heard, ['e1-1']);
  assert.throws(thrown[0] as () => void, /a bug/);
});
