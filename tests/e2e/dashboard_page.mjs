// A tab of Chromium at the dashboard, driven line by line: a JSON array [verb, …] on standard input, its answer on standard output.
//   node dashboard_page.mjs [light|dark] [WIDTH]
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';
import {chromium} from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE_MS = 30_000;
const [scheme = 'light', width = '1280'] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--js-flags=--expose-gc'],
});
const context = await browser.newContext({colorScheme: scheme, viewport: {width: Number(width), height: 860}, reducedMotion: 'reduce'});
await context.grantPermissions(['clipboard-read', 'clipboard-write']);
const tab = await context.newPage();
tab.setDefaultTimeout(PATIENCE_MS);

const asked = []; // every address that the page asked for
const complaints = []; // what the console says: violations of the policy, uncaught errors
tab.on('request', (request) => asked.push(request.url()));
tab.on('websocket', (socket) => asked.push(socket.url()));
tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
tab.on('pageerror', (error) => complaints.push(String(error)));
await tab.addInitScript(() => {
  addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
});

const held = new Map(); // by the ending of their addresses, requests that wait
function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return {promise, resolve};
}

const verbs = {
  open: async (url) => void (await tab.goto(url)),
  /** From now on each of `words` that the server sends comes as `text`: names and messages that it would not take itself. The first is a name in addresses too. */
  poison: async (words, text) => {
    const spoil = (body) => words.reduce((all, word) => all.replaceAll(word, JSON.stringify(text).slice(1, -1)), String(body));
    await tab.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => socket.send(spoil(message)));
    });
    await tab.route(/\/api\//, async (route) => {
      const response = await route.fetch({url: route.request().url().replaceAll(encodeURIComponent(text), words[0])});
      await route.fulfill({response, body: spoil(await response.text())});
    });
  },
  /** This browser's clock goes so much before the true time; before the page is opened. */
  skew: (ms) => tab.addInitScript((ahead) => {
    const now = Date.now;
    Date.now = () => now() + ahead;
  }, ms),
  /** From now on requests whose address ends so wait for `release`. */
  hold: async (ending) => {
    held.set(ending, {...deferred(), answered: []});
    await tab.route((url) => url.pathname.endsWith(ending), async (route) => {
      const entry = held.get(ending);
      if (!entry) return route.continue();
      const asked = entry.promise.then((status) => (status ? route.fulfill({status, body: ''}) : route.continue()));
      entry.answered.push(asked.then(() => route.request().response()).then((response) => response?.finished()));
      await asked;
    });
  },
  /** Lets them go on, and waits for their answers, or answers with a status in the server's place. Later ones are not held. Says how many. */
  release: async (ending, status) => {
    const {resolve, answered} = held.get(ending);
    held.delete(ending);
    resolve(status);
    await Promise.all(answered);
    await tab.evaluate(() => new Promise((next) => setTimeout(next, 100)));
    return answered.length;
  },
  held: (ending) => held.get(ending).answered.length,
  address: () => tab.url(),
  /** Waits until it is seen. */
  see: async (selector) => void (await tab.locator(selector).first().waitFor()),
  /** Waits until a script says true. */
  until: async (script) => {
    // Not waitForFunction: it evaluates in the page, whose policy refuses that.
    for (const end = Date.now() + PATIENCE_MS; !(await tab.evaluate(script)); await new Promise((next) => setTimeout(next, 30)))
      if (Date.now() > end) throw new Error(`never true: ${script}`);
  },
  click: async (selector) => void (await tab.locator(selector).first().click()),
  choose: async (selector, value) => void (await tab.locator(selector).first().selectOption(value)),
  fill: async (selector, text) => void (await tab.locator(selector).first().fill(text)),
  press: async (...keys) => {
    for (const key of keys) await tab.keyboard.press(key);
  },
  text: (selector) => tab.locator(selector).first().innerText(),
  count: (selector) => tab.locator(selector).count(),
  attributes: (selector, name) => tab.locator(selector).evaluateAll((all, wanted) => all.map((one) => one.getAttribute(wanted)), name),
  run: (script) => tab.evaluate(script),
  asked: () => asked,
  complaints: () => complaints,
  picture: async (path, full = false) => void (await tab.screenshot({path, fullPage: full})),
  /** Findings that are serious or worse, with the elements. The checker itself is injected past the page's policy. */
  async axe() {
    await tab.evaluate(AXE);
    const {violations} = await tab.evaluate(() => globalThis.axe.run(document, {resultTypes: ['violations']}));
    return violations.filter(({impact}) => impact === 'serious' || impact === 'critical').map(({id, nodes}) => [id, nodes.map(({html, failureSummary}) => `${html} ${failureSummary}`)]);
  },
  /** Bytes of the page's heap, behind a collection. */
  heap: () => tab.evaluate(() => {
    globalThis.gc();
    return performance.memory.usedJSHeapSize;
  }),
};

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({input: process.stdin})) {
  const [verb, ...words] = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({answer: (await verbs[verb](...words)) ?? null})}\n`);
  } catch (error) {
    const seen = await tab.locator('body').innerText().catch(() => '');
    process.stdout.write(`${JSON.stringify({error: `${verb} ${words}: ${error}\n${complaints.join('\n')}\n${seen.slice(0, 3000)}`})}\n`);
  }
}
await browser.close();
