// The real server behind a line that cuts, delays and goes silent, and that is killed and started again: the client hears each
// event once and in order, and its state is the server's. MLG_SEED repeats the faults, MLG_FAULT_SECONDS (default 20) lengthens them.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {MLGraphClient, MLGraphError, type Status} from '@mlgraph/client';
import {FaultyLine} from './support/faulty_line.js';
import {sameState} from './support/same_state.js';
import {dice, seed} from './support/seed.js';
import {ADMIN_TOKEN, Server} from './support/server.js';
import {Writer} from './support/writer.js';

const SECONDS = Number(process.env['MLG_FAULT_SECONDS'] ?? 20);
const server = new Server({'limits.heartbeat_seconds': '1', 'log.level': 'error'});
const line = new FaultyLine(() => server.port);

before(async () => {
  await server.start();
  await line.start();
});
after(async () => {
  await line.close();
  await server.close();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One fault, and how long until the next. */
async function harm(random: () => number): Promise<void> {
  const what = random();
  if (what < 0.4) line.cut();
  else if (what < 0.6) line.cut(1 + Math.floor(random() * 200));
  else if (what < 0.7) line.silence();
  else if (what < 0.85) line.delayMs = Math.floor(random() * 60);
  else if (what < 0.95) {
    line.refuses = true;
    line.cut();
    await pause(random() * 500);
    line.refuses = false;
  } else {
    await server.kill();
    await server.start();
  }
  await pause(100 + random() * 700);
}

test(`each event once, and the server's state, through ${SECONDS} s of faults (MLG_SEED=${seed})`, async (t) => {
  const client = new MLGraphClient({url: line.url, token: () => ADMIN_TOKEN, backoff: {baseMs: 50, maxMs: 400}, connectTimeoutMs: 1_000});
  const heard: number[] = [];
  const gaps: unknown[] = [];
  const statuses = new Map<Status, number>();
  client.on('*', (event) => 'id' in event && heard.push(Number(event.id.split('-')[1])));
  client.on('gap', (gap) => gaps.push(gap));
  client.on('status', ({status}) => statuses.set(status, (statuses.get(status) ?? 0) + 1));
  const begun = (await client.watch()).id as string;

  const looped: string[] = [];
  const loop = (async () => {
    for await (const event of client.events(['job.*', 'alert.*'], {limit: 10_000})) looped.push(event.id);
  })();

  const end = Date.now() + SECONDS * 1000;
  const writing = (async () => {
    const writer = new Writer(server.rest(), dice(seed));
    while (Date.now() < end) {
      await writer.stroke();
      await pause(5);
    }
    return writer.strokes;
  })();
  const random = dice(seed + 1);
  while (Date.now() < end) await harm(random);
  const strokes = await writing;
  line.delayMs = 0;

  const differences = await sameState(client, server.rest()).finally(() => client.close());
  assert.deepEqual(differences, []);
  const first = Number(begun.split('-')[1]) + 1;
  assert.deepEqual(heard, heard.map((_, place) => first + place), 'each once, in order, none missing');
  assert.equal(heard.at(-1), Number(client.cursor?.split('-')[1]));
  assert.deepEqual(gaps, []);
  await loop;
  assert.ok(looped.length > 0);
  assert.ok((statuses.get('live') ?? 0) > 2);
  t.diagnostic(`${strokes} strokes, ${heard.length} events, ${looped.length} looped, ${statuses.get('live')} times live, ${JSON.stringify(line.counts)}`);
});

test('a history that was made anew is told as a gap, and the state is the new one', async () => {
  const other = await new Server({'log.level': 'error'}).start();
  let target = server.port;
  const moved = await new FaultyLine(() => target).start();
  const client = new MLGraphClient({url: moved.url, token: ADMIN_TOKEN, backoff: {baseMs: 20, maxMs: 100}});
  try {
    await other.rest().createIndex({body: {index_id: 'elsewhere', dimension: 4}});
    await client.watch();
    const loop = client.events('job.*');
    await client.subscribe('alert.*'); // requests are answered in order: the loop's has been
    const told = new Promise((resolve) => client.on('gap', resolve));
    target = other.port;
    moved.cut();
    await told;
    assert.deepEqual(await sameState(client, other.rest()), []);
    assert.ok(client.state.indices.has('elsewhere'));
    await assert.rejects(loop.next(), (error) => error instanceof MLGraphError && error.code === 'gap');
  } finally {
    client.close();
    await moved.close();
    await other.close();
  }
});
