// Against the real server: what the fake one cannot prove.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';
import {createRequire} from 'node:module';
import {MLGraphClient, MLGraphError, RestError, restClient, type StreamEvent} from '@mlgraph/client';
import {sameState} from './support/same_state.js';
import {ADMIN_TOKEN, Server} from './support/server.js';

const server = new Server({'log.level': 'error'});
const clients: MLGraphClient[] = [];

before(() => server.start());
after(async () => {
  for (const client of clients) client.close();
  await server.close();
});

function connect(token: string | (() => string | Promise<string>) = ADMIN_TOKEN): MLGraphClient {
  const client = new MLGraphClient({url: server.url, token, backoff: {baseMs: 20, maxMs: 200}});
  clients.push(client);
  return client;
}

let made = 0;
async function anIndex(): Promise<string> {
  const {index_id: name} = await server.rest().createIndex({body: {index_id: `i${++made}`, dimension: 4}});
  return name;
}

async function take<Event>(events: AsyncIterable<Event>, count: number): Promise<Event[]> {
  const taken: Event[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}

test('events come as they happen, typed by their names', async () => {
  const client = connect();
  const answer = await client.subscribe(['index.*', 'job.*']);
  assert.deepEqual(answer.channels, ['index.*', 'job.*']);
  const created = new Promise<string>((resolve) => client.on('index.created', ({data}) => resolve(data.index)));
  const done = new Promise<number | null>((resolve) => client.on('job.completed', ({data}) => resolve(data.progress)));
  const name = await anIndex();
  assert.equal(await created, name);
  await server.rest().importVectors({path: {id: name}, body: '{"id": "a", "values": [1, 2, 3, 4]}\n', contentType: 'application/x-ndjson'});
  assert.equal(await done, 1);
});

test('a later program goes on where an earlier one stood', async () => {
  const earlier = connect();
  await earlier.subscribe('index.*');
  const since = earlier.cursor as string;
  earlier.close();
  const names = [await anIndex(), await anIndex(), await anIndex()];
  const events = await take(connect().events('index.created', {since}), 3);
  assert.deepEqual(events.map(({data}) => data.index), names);
});

test('after an overflow the same client goes on behind it', async () => {
  const client = connect();
  const slow = client.events('index.created', {limit: 2});
  await client.subscribe('alert.*'); // answered behind the loop's
  const names = [await anIndex(), await anIndex(), await anIndex(), await anIndex()];
  await server.rest().getState();
  const got: StreamEvent[] = [];
  await assert.rejects(async () => {
    for await (const event of slow) got.push(event);
  }, (error) => error instanceof MLGraphError && error.code === 'overflow' && error.since === (got.at(-1) as {id: string}).id);
  const since = (got.at(-1) as {id: string}).id;
  const rest = await take(client.events('index.created', {since}), 2);
  assert.deepEqual([...got, ...rest].map(({data}) => (data as {index: string}).index), names);
});

test('the state is that of GET /state, also after a restart of the server', async () => {
  const client = connect();
  await client.watch();
  const name = await anIndex();
  await server.rest().upsertVectors({path: {id: name}, body: {vectors: [{id: 'a', values: [1, 0, 0, 0]}]}});
  assert.deepEqual(await sameState(client, server.rest()), []);
  const back = new Promise<void>((resolve) => client.on('status', ({status}) => status === 'live' && resolve()));
  await server.kill('SIGTERM');
  await server.start();
  await back;
  await anIndex();
  assert.deepEqual(await sameState(client, server.rest()), []);
});

test("giving up '*' leaves the others as they were", async () => {
  const client = connect();
  const heard: string[] = [];
  client.on('*', ({type}) => heard.push(type));
  await client.subscribe('index.created');
  await client.subscribe('*');
  await client.unsubscribe('*');
  const from = heard.length;
  const name = await anIndex();
  await server.rest().deleteIndex({path: {id: name}});
  const second = new Promise((resolve) => client.on('index.created', resolve));
  await anIndex();
  await second;
  assert.deepEqual(heard.slice(from), ['index.created', 'index.created']);
});

test('a token that expires is renewed on the same session, or after 4201', async () => {
  const rest = server.rest();
  const mint = async (seconds: number) =>
    (await rest.createToken({body: {name: `t${++made}`, scopes: ['events:*', 'read:*'], expires_in_seconds: seconds}})).token;
  const short = await mint(2); // less than 60 s: told at once
  const tokens = [short];
  const client = connect(async () => tokens.shift() ?? ADMIN_TOKEN);
  const statuses: string[] = [];
  client.on('status', ({status}) => statuses.push(status));
  await client.subscribe('index.*');
  const heard = new Promise((resolve) => client.on('index.created', resolve));
  await anIndex();
  await heard;
  assert.deepEqual(statuses, ['connecting', 'authenticating', 'resuming', 'live']);

  // One whose function fails at the notice, so that the session ends by 4201.
  let asked = 0;
  const late = connect(async () => {
    if (++asked === 1) return mint(1);
    if (asked === 2) throw new Error('not now');
    return ADMIN_TOKEN;
  });
  const troubles: string[] = [];
  late.on('error', ({code}) => troubles.push(code));
  await late.subscribe('index.*');
  const again = new Promise<void>((resolve) => late.on('status', ({status}) => status === 'live' && resolve()));
  await again;
  assert.ok(troubles.includes('token') && asked >= 3, `${troubles} ${asked}`);
});

test('a revoked token is the end, and says so', async () => {
  const rest = server.rest();
  const name = `t${++made}`;
  const {token} = await rest.createToken({body: {name, scopes: ['events:*']}});
  const client = connect(token);
  await client.subscribe('job.*');
  const closed = new Promise<MLGraphError | undefined>((resolve) => client.on('status', ({status, error}) => status === 'closed' && resolve(error)));
  await rest.revokeToken({path: {name}});
  assert.equal((await closed)?.code, 'unauthorized');
  await assert.rejects(client.subscribe('*'), (error) => error instanceof MLGraphError && error.code === 'unauthorized');
});

test('channels that scopes no longer cover are told as revoked', async () => {
  const rest = server.rest();
  const name = `t${++made}`;
  const {token} = await rest.createToken({body: {name, scopes: ['events:job.*', 'events:alert.*']}});
  const client = connect(token);
  await client.subscribe(['job.*', 'alert.*']);
  const revoked = new Promise<readonly string[]>((resolve) => client.on('revoked', ({channels}) => resolve(channels)));
  await rest.changeToken({path: {name}, body: {scopes: ['events:job.*']}});
  assert.deepEqual(await revoked, ['alert.*']);
});

test('REST: typed calls, errors with code and member, search', async () => {
  const rest = server.rest();
  const name = await anIndex();
  await rest.upsertVectors({path: {id: name}, body: {vectors: [{id: 'a', values: [1, 0, 0, 0]}, {id: 'b/ä', values: [0, 1, 0, 0]}]}});
  const {results} = await rest.search({path: {id: name}, body: {vector: [0, 1, 0, 0], k: 1}});
  assert.equal(results[0]?.[0]?.id, 'b/ä');
  assert.equal((await rest.getVector({path: {id: name, vid: 'b/ä'}})).id, 'b/ä');
  assert.equal((await rest.listVectors({path: {id: name}, query: {limit: 1}})).vectors.length, 1);
  await assert.rejects(rest.upsertVectors({path: {id: name}, body: {vectors: [{id: 'c', values: [1]}]}}),
    (error) => error instanceof RestError && error.status === 422 && error.code === 'invalid_vector' && /vectors\[0\]/.test(error.member ?? ''));
  await assert.rejects(rest.getIndex({path: {id: 'none'}}), (error) => error instanceof RestError && error.code === 'not_found');
  const broken = rest.importVectors({path: {id: name}, body: new Uint8Array([1, 2, 3]), contentType: 'application/x-npy'});
  await assert.rejects(broken, (error) => error instanceof RestError && (error.body as {state: string}).state === 'failed');
  assert.equal(await rest.deleteIndex({path: {id: name}}), undefined);
  assert.match(await rest.openapi(), /^openapi: 3\.1/);
  await assert.rejects(restClient({url: server.url}).listIndices(), (error) => error instanceof RestError && error.status === 401);
});

test('REST: a stream is a body, a signal ends a call, a function gets one more chance after 401', async () => {
  const name = await anIndex();
  const lines = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const id of ['a', 'b']) controller.enqueue(new TextEncoder().encode(`{"id": "${id}", "values": [1, 2, 3, 4]}\n`));
      controller.close();
    },
  });
  const job = await server.rest().importVectors({path: {id: name}, body: lines, contentType: 'application/x-ndjson'});
  assert.equal(job.processed, 2);
  const {jobId} = await server.rest().exportVectors({path: {id: name}, body: {format: 'npy'}});
  await server.rest().getJob({path: {id: jobId}, query: {wait_for: 'completed'}});
  const file = await server.rest().getJobResult({path: {id: jobId}});
  assert.ok(file instanceof Blob && file.size === 128 + 2 * 4 * 4, 'bytes stay bytes');
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(server.rest().listJobs({query: {index: name}, signal: abort.signal}), {name: 'AbortError'});
  const tokens = ['mlg_not_this_one', ADMIN_TOKEN];
  const rest = restClient({url: server.url.replace('http', 'ws') + '/ws', token: () => tokens.shift() ?? 'none'});
  assert.ok((await rest.listIndices()).total_count > 0);
});

test('the CommonJS build is the same client', async () => {
  const {MLGraphClient: Client} = createRequire(import.meta.url)('@mlgraph/client') as typeof import('@mlgraph/client');
  assert.notEqual(Client, MLGraphClient);
  const client = new Client({url: server.url, token: ADMIN_TOKEN});
  assert.ok((await client.watch()).ready);
  client.close();
});

test('the README runs', {timeout: 30_000}, async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? assert.fail('no ```js in README.md');
  assert.ok(code.trim().split('\n').length <= 12);
  const program = code.replaceAll("'http://127.0.0.1:7700'", JSON.stringify(server.url))
    .replace(/import \{(.*)\} from '@mlgraph\/client';/, "const {$1} = await import('@mlgraph/client');");
  const printed: unknown[][] = [];
  const print = {log: (...words: unknown[]) => printed.push(words)};
  const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (...parts: string[]) => (...values: unknown[]) => Promise<void>;
  const feeding = setInterval(() => void server.rest().createIndex({body: {index_id: `i${++made}`, dimension: 4}}), 50);
  try {
    // `import()` in made-up code has no module to start from, so it is handed one.
    await new AsyncFunction('console', 'load', program.replace('await import(', 'await load('))(print, (name: string) => import(name));
  } finally {
    clearInterval(feeding);
  }
  assert.ok(printed.some(([first]) => first === 'live'), JSON.stringify(printed));
  assert.ok(printed.some(([first]) => first === 'again'), JSON.stringify(printed));
});
