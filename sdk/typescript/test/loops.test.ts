// `for await` over events: bounded, told when something is missing, ended by signals and closes.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {MLGraphClient, MLGraphError, type StreamEvent} from '@mlgraph/client';
import {aJob, aSample} from './support/events.js';
import {FakeServer} from './support/fake_server.js';
import {FakeWorld} from './support/fake_world.js';

async function begin() {
  const world = new FakeWorld();
  const server = new FakeServer();
  world.peer = server;
  const client = new MLGraphClient({url: 'ws://fake/ws', token: 'mlg_token_0'}, world);
  void client.connect();
  await world.settle();
  const emit = async (count: number) => {
    for (let each = 0; each < count; ++each) server.emit('job.started', aJob(`j${server.log.length}`, 'running'));
    await world.settle();
  };
  return {world, server, client, emit};
}

async function idsOf(events: AsyncIterable<StreamEvent>, most = Infinity): Promise<{ids: string[]; error: unknown}> {
  const ids: string[] = [];
  try {
    for await (const event of events) {
      ids.push((event as {id: string}).id);
      if (ids.length === most) break;
    }
  } catch (error) {
    return {ids, error};
  }
  return {ids, error: undefined};
}

test('a loop subscribes while it runs', async () => {
  const {client, server, world, emit} = await begin();
  const reading = idsOf(client.events('job.*'), 2);
  await world.settle();
  await emit(3);
  assert.deepEqual((await reading).ids, ['e1-1', 'e1-2']);
  await world.settle();
  assert.deepEqual([...server.sessions.values()].map(({patterns}) => [...patterns.keys()]), [[]]);
});

test('full: what is queued is handed out, then the error says behind what it goes on, and it does', async () => {
  const {client, world, emit} = await begin();
  const events = client.events('job.*', {limit: 3});
  await world.settle();
  await emit(5);
  const {ids, error} = await idsOf(events);
  assert.deepEqual(ids, ['e1-1', 'e1-2', 'e1-3']);
  assert.ok(error instanceof MLGraphError && error.code === 'overflow');
  assert.equal(error.since, 'e1-3');
  const again = idsOf(client.events('job.*', {since: error.since as string}), 3);
  await world.settle();
  await emit(1);
  assert.deepEqual((await again).ids, ['e1-4', 'e1-5', 'e1-6']);
});

test('since is refused beside listeners of the same family, which have heard some of it', async () => {
  const {client, world} = await begin();
  void client.subscribe('job.*');
  await world.settle();
  const {error} = await idsOf(client.events('job.a.*', {since: 'e1-0'}));
  assert.ok(error instanceof MLGraphError && error.code === 'conflict', String(error));
});

test('a loop that begins beside others hears what comes from then on', async () => {
  const {client, world, emit} = await begin();
  void client.subscribe('*');
  await world.settle();
  await emit(2);
  const reading = idsOf(client.events('job.*'), 1);
  await world.settle();
  await emit(1);
  assert.deepEqual((await reading).ids, ['e1-3']);
});

test('a gap ends the loop behind what came before it', async () => {
  const {client, server, world, emit} = await begin();
  const events = client.events('job.*');
  await world.settle();
  await emit(2);
  world.mode = 'refusing';
  server.endAll(1001);
  await emit(3);
  server.kept = 1;
  world.mode = 'up';
  await world.pass(60_000);
  const {ids, error} = await idsOf(events);
  assert.deepEqual(ids, ['e1-1', 'e1-2']);
  assert.ok(error instanceof MLGraphError && error.code === 'gap' && error.since === 'e1-2');
});

test('a since that is out of reach ends the loop at once', async () => {
  const {client, server, world, emit} = await begin();
  await emit(5);
  server.kept = 1;
  const reading = idsOf(client.events('job.*', {since: 'e1-1'}));
  await world.settle();
  const {ids, error} = await reading;
  assert.deepEqual(ids, []);
  assert.ok(error instanceof MLGraphError && error.code === 'gap', String(error));
});

test('revoked channels end their loops', async () => {
  const {client, server, world, emit} = await begin();
  const events = client.events(['job.*']);
  await world.settle();
  await emit(1);
  server.forbid('job');
  await world.settle();
  const {ids, error} = await idsOf(events);
  assert.deepEqual(ids, ['e1-1']);
  assert.ok(error instanceof MLGraphError && error.code === 'revoked');
});

test('an aborted signal ends the loop with its reason, before and meanwhile', async () => {
  const {client, world, server} = await begin();
  const controller = new AbortController();
  const reading = idsOf(client.events('job.*', {signal: controller.signal}));
  await world.settle();
  controller.abort(new Error('enough'));
  assert.equal(((await reading).error as Error).message, 'enough');
  const at = await idsOf(client.events('job.*', {signal: controller.signal}));
  assert.equal((at.error as Error).message, 'enough');
  await world.settle();
  assert.deepEqual([...server.sessions.values()].map(({patterns}) => [...patterns.keys()]), [[]]);
});

test('closing the client ends loops like an end of events', async () => {
  const {client, world, emit} = await begin();
  const events = client.events('job.*');
  await world.settle();
  await emit(2);
  client.close();
  assert.deepEqual(await idsOf(events), {ids: ['e1-1', 'e1-2'], error: undefined});
  assert.deepEqual(await events.next(), {value: undefined, done: true});
});

test('a refused subscription is the loop\'s error', async () => {
  const {client, world} = await begin();
  const reading = idsOf(client.events('a..b'));
  await world.settle();
  assert.ok(((await reading).error as MLGraphError).code === 'invalid_channel');
});

test('samples are handed out as well', async () => {
  const {client, server, world} = await begin();
  const events = client.events('metrics.system');
  await world.settle();
  server.sample(aSample(5));
  await world.settle();
  const {value} = await events.next();
  assert.equal(value?.data.qps, 5);
  await events.return?.();
});
