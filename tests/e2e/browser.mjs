// Chromium on a page of its own, served from another port than MLGraph's: files of this folder and, under /sdk/, of the compiled SDK.
import {createServer} from 'node:http';
import {readFile} from 'node:fs/promises';
import {chromium} from 'playwright-core';

const HERE = new URL('.', import.meta.url);
const SDK = new URL('../../sdk/typescript/dist/', import.meta.url);

function fileOf(path) {
  if (/^\/[a-z_]+\.mjs$/.test(path)) return new URL(path.slice(1), HERE);
  if (/^\/sdk\/[a-z_]+\.js$/.test(path)) return new URL(path.slice('/sdk/'.length), SDK);
  return null;
}

/// Runs `use(tab)` on an empty page; returns what it returns.
export async function withPage(use) {
  const files = createServer(async (request, response) => {
    if (request.url === '/') return response.writeHead(200, {'content-type': 'text/html'}).end('<!doctype html><title>page</title>');
    const file = fileOf(request.url);
    const text = file && (await readFile(file).catch(() => null));
    if (!text) return response.writeHead(404).end();
    response.writeHead(200, {'content-type': 'text/javascript'}).end(text);
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
    await tab.goto(`http://127.0.0.1:${files.address().port}/`);
    return await use(tab);
  } finally {
    await browser.close();
    files.close();
  }
}
