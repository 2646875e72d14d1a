// Runs the page's snippets in Chromium, on a page served from another port than MLGraph's.
//   node browser_page.mjs ws://HOST:PORT/ws TOKEN http://HOST:PORT
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const [url, token, api] = process.argv.slice(2);
const here = new URL('.', import.meta.url);
const files = createServer(async (request, response) => {
  const name = request.url.slice(1);
  if (name === '') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>page</title>');
  if (!/^[a-z_]+\.mjs$/.test(name)) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(new URL(name, here)));
});
await new Promise((done) => files.listen(0, '127.0.0.1', done));

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  const tab = await browser.newPage();
  // REST calls are made from here: only the socket is the page's business.
  await tab.exposeFunction('call', async (path, method, headers, body) => {
    const answer = await fetch(path, { method, headers, body });
    return { status: answer.status, text: await answer.text() };
  });
  await tab.goto(`http://127.0.0.1:${files.address().port}/`);
  const results = await tab.evaluate(async ({ url, token, api }) => {
    const { runPage } = await import('/page_scenario.mjs');
    const call = window.call;
    const fetch = async (path, { method, headers, body }) => {
      const answer = await call(path, method, headers, body);
      return { status: answer.status, text: async () => answer.text };
    };
    return runPage({ url, token, api, WebSocket: window.WebSocket, fetch });
  }, { url, token, api });
  console.log(JSON.stringify(results));
} finally {
  await browser.close();
  files.close();
}
