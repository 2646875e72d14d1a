// The page, read from top to bottom by a client that types it in. Shared by Node and the browser.
import * as page from './snippets.mjs';

/// Collects what the page's handler prints and lets the scenario wait for a line of it.
function makeConsole() {
  const lines = [];
  const waiting = [];
  return {
    lines,
    log(type, data) {
      lines.push({ type, data });
      for (const wait of waiting.splice(0)) wait();
    },
    async until(found, what) {
      const deadline = Date.now() + 20000;
      while (!lines.some(found)) {
        if (Date.now() > deadline) throw new Error(`nothing printed for ${what}; got ${lines.map((l) => l.type)}`);
        await Promise.race([new Promise((done) => waiting.push(done)), new Promise((done) => setTimeout(done, 1000))]);
      }
      return lines.find(found);
    },
  };
}

const opened = (ws) => new Promise((done, fail) => {
  ws.addEventListener('open', () => done());
  ws.addEventListener('close', (event) => fail(new Error(`closed ${event.code} ${event.reason}`)));
});

export async function runPage({ url, token, api, WebSocket, fetch }) {
  const call = async (method, path, body) => {
    const answer = await fetch(api + '/api/v1' + path, {
      method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
    });
    if (answer.status >= 300 && answer.status !== 404) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  const results = {};

  // Connect with authentication, handle messages, subscribe.
  const ws = page.connectWithSubprotocol(url, token, WebSocket);
  await opened(ws);
  results.protocol = ws.protocol;
  const seen = makeConsole();
  page.handleMessages(ws, seen);
  page.subscribe(ws);
  results.metric = (await seen.until((l) => l.type === 'metrics.system', 'metrics.system')).data;

  // Ping/pong: the answer is { type: 'pong', timestamp: '...' }, so the handler prints pong and undefined.
  const pong = new Promise((done) => ws.addEventListener('message', (event) => {
    const message = JSON.parse(event.data);
    if (message.type === 'pong') done(message);
  }));
  page.ping(ws);
  results.pong = await pong;

  // Unsubscribe: after it, no metrics; the pong that follows shows that it was served.
  page.unsubscribe(ws);
  page.ping(ws);
  await seen.until((l) => l.type === 'pong' && seen.lines.filter((x) => x.type === 'pong').length === 2, 'second pong');
  const metricsBefore = seen.lines.filter((l) => l.type === 'metrics.system').length;

  // Subscribe to specific index events.
  page.subscribeToIndex(ws);
  page.ping(ws);
  await seen.until(() => seen.lines.filter((x) => x.type === 'pong').length === 3, 'third pong');
  await call('DELETE', '/indices/production-vectors');
  await call('POST', '/indices', { index_id: 'production-vectors', dimension: 4 });
  await call('POST', '/indices', { index_id: 'another', dimension: 4 });
  await call('DELETE', '/indices/another');
  results.created = (await seen.until((l) => l.type === 'index.created', 'index.created')).data;

  // Connect and authenticate after: the same, by message.
  const later = page.connectAndAuthenticateAfter(url, token, WebSocket);
  await opened(later);
  const seenLater = makeConsole();
  page.handleMessages(later, seenLater);
  page.subscribe(later);
  await seenLater.until((l) => l.type === 'metrics.system', 'metrics.system after auth');

  // A job, as both see it.
  const vectors = Array.from({ length: 64 }, (_, i) => ({ id: `v${i}`, values: [Math.sin(i), Math.cos(i), i / 64, 1] }));
  await call('POST', '/indices/production-vectors/vectors', { vectors });
  await call('POST', '/indices/production-vectors/train', {});
  results.job = (await seen.until((l) => l.type === 'job.started', 'job.started')).data;
  await seenLater.until((l) => l.type === 'job.started', 'job.started after auth');
  await seen.until((l) => l.type === 'job.completed' || l.type === 'job.failed', 'the end of the job');
  await call('DELETE', '/indices/production-vectors');
  await seen.until((l) => l.type === 'index.deleted', 'index.deleted');

  results.metricsAfterUnsubscribe = seen.lines.filter((l) => l.type === 'metrics.system').length - metricsBefore;
  results.indexEvents = seen.lines.filter((l) => l.type.startsWith('index.')).map((l) => l.data.index);
  results.types = [...new Set(seen.lines.map((l) => l.type))];
  ws.close();
  later.close();
  return results;
}
