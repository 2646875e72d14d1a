// In a page and in a worker: the modules as they are built, without a bundler, in Chromium.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {ADMIN_TOKEN, Server} from './support/server.js';

const CHROMIUM = '/usr/bin/chromium';
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const server = new Server({'log.level': 'error'});

/** What a page or worker does: it watches, says so, hears of an index, says that. */
const PROGRAM = (url: string) => `
import {MLGraphClient} from '/sdk/index.js';
const tell = (what) => fetch('/told', {method: 'POST', body: JSON.stringify(what)});
const client = new MLGraphClient({url: '${url}', token: '${ADMIN_TOKEN}'});
const state = await client.watch();
const events = client.events('index.created');
await client.subscribe('alert.*');
await tell({watches: state.id});
for await (const {data} of events) { await tell({index: data.index, indices: [...state.indices.keys()]}); break; }
client.close();
`;

before(() => server.start());
after(() => server.close());

/** Serves the program; hands out what is told. */
function pages(): {http: HttpServer; told: AsyncIterator<unknown>} {
  const waiting: ((value: unknown) => void)[] = [];
  const queued: unknown[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    const send = (type: string, text: string) => response.writeHead(200, {'content-type': type}).end(text);
    if (path === '/told') {
      let body = '';
      for await (const piece of request) body += String(piece);
      const told: unknown = JSON.parse(body);
      const next = waiting.shift();
      if (next) next(told);
      else queued.push(told);
      return send('text/plain', '');
    }
    if (path === '/program.js') return send('text/javascript', PROGRAM(server.url));
    if (/^\/sdk\/\w+\.js$/.test(path)) return send('text/javascript', readFileSync(join(dist, path.slice('/sdk/'.length)), 'utf8'));
    const script = path === '/worker' ? "new Worker('/program.js', {type: 'module'})" : "import('/program.js')";
    return send('text/html', `<!doctype html><title>${path}</title><script type="module">${script}</script>`);
  };
  const http = createServer((request, response) => void answer(request, response));
  const next = async () => ({done: false, value: queued.shift() ?? (await new Promise((resolve) => waiting.push(resolve)))});
  return {http, told: {next}};
}

for (const place of ['page', 'worker'])
  test(`a ${place} watches and hears`, {skip: existsSync(CHROMIUM) ? false : `no ${CHROMIUM}`, timeout: 60_000}, async () => {
    const {http, told} = pages();
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const profile = mkdtempSync(join(tmpdir(), 'mlgraph-sdk-'));
    const browser = spawn(CHROMIUM, [
      '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', `--user-data-dir=${profile}`, '--remote-debugging-port=0', `http://127.0.0.1:${(http.address() as AddressInfo).port}/${place}`,
    ], {stdio: 'ignore'});
    const ended = once(browser, 'exit');
    try {
      assert.match(((await told.next()).value as {watches: string}).watches, /^[0-9a-z]+-\d+$/);
      await server.rest().createIndex({body: {index_id: `for-${place}`, dimension: 4}});
      const heard = (await told.next()).value as {index: string; indices: string[]};
      assert.equal(heard.index, `for-${place}`);
      assert.ok(heard.indices.includes(`for-${place}`));
    } finally {
      browser.kill();
      await ended;
      http.closeAllConnections();
      http.close();
      await rm(profile, {recursive: true, force: true, maxRetries: 50, retryDelay: 100}); // its children end a little later
    }
  });
