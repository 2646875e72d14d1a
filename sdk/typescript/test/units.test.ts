// The small parts: channels, delays, endings, addresses, the platform.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import fc from 'fast-check';
import type {StreamEvent} from '@mlgraph/client';
import {restAddress, socketAddress} from '../dist/address.js';
import {delayOf} from '../dist/backoff.js';
import {channelsOf, covers, matches, overlap} from '../dist/channels.js';
import {endingOf} from '../dist/endings.js';
import {MLGraphError} from '../dist/error.js';
import {realPlatform} from '../dist/platform.js';
import {runsOr, seed} from './support/seed.js';

const channels = (type: string, data: object) => channelsOf({type, data} as unknown as StreamEvent);

test('an event stands on two channels: its name, and the same about its entity', () => {
  assert.deepEqual(channels('job.progress', {jobId: 'a', index: 'docs'}), ['job.progress', 'job.a.progress']);
  assert.deepEqual(channels('alert.error', {alertId: 'x', index: 'docs'}), ['alert.error', 'alert.x.error']);
  assert.deepEqual(channels('index.shard_transition', {index: 'docs', node: 'n1'}), ['index.shard_transition', 'index.docs.shard_transition']);
  assert.deepEqual(channels('metrics.system', {node: 'n1'}), ['metrics.system', 'metrics.n1.system']);
  assert.deepEqual(channels('metrics.search', {index: 'docs'}), ['metrics.search', 'metrics.docs.search']);
});

test('a pattern is a channel, a prefix with .* for one or more tokens, or *', () => {
  const names = ['job.progress', 'job.a.progress'];
  for (const pattern of ['*', 'job.*', 'job.progress', 'job.a.progress', 'job.a.*']) assert.equal(matches(pattern, names), true, pattern);
  for (const pattern of ['job', 'job.a', 'jo*', 'job.b.*', 'job.progress.*', 'index.*', 'job.a.started', '']) assert.equal(matches(pattern, names), false, pattern);
});

test(`what covers another brings all of it, and overlaps it (MLG_SEED=${seed})`, () => {
  const token = fc.constantFrom('job', 'index', 'a', 'b', 'progress', 'started');
  const name = fc.tuple(fc.constantFrom('job', 'index'), token, token).map((tokens) => tokens.join('.'));
  const pattern = fc.oneof(name, name.map((text) => `${text.split('.').slice(0, 2).join('.')}.*`), fc.constantFrom('*', 'job.*', 'job.progress'));
  fc.assert(fc.property(pattern, pattern, name, (wide, narrow, channel) => {
    if (covers(wide, narrow) && matches(narrow, [channel])) assert.ok(matches(wide, [channel]));
    if (matches(wide, [channel]) && matches(narrow, [channel])) assert.ok(overlap(wide, narrow));
  }), {seed, numRuns: runsOr(2_000)});
});

test('delays are within bounds that double, never under what the server asks', () => {
  fc.assert(fc.property(fc.integer({min: 1, max: 1_000}), fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}), fc.nat(60_000), (failures, random, least) => {
    const delay = delayOf({baseMs: 1_000, maxMs: 30_000}, failures, random, least);
    assert.ok(delay >= least && delay < least + Math.min(30_000, 1_000 * 2 ** (failures - 1)));
  }), {seed, numRuns: runsOr(1_000)});
});

test('close codes lead where docs/protocol.md says', () => {
  const document = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  const table = document.slice(document.indexOf('### Close codes'));
  const rows = [...table.slice(0, table.indexOf('\n## ')).matchAll(/^\| (\d{4}) \| .* \| (.*) \|$/gm)];
  assert.ok(rows.length > 15);
  for (const [, code, does = ''] of rows) {
    const expected = /at once/.test(does) ? 'renew' : /backoff/.test(does) ? 'retry' : 'final';
    assert.equal(endingOf(Number(code), '', undefined).course, expected, `${code}: ${does}`);
  }
  for (const code of [1005, 1006, 1015]) assert.equal(endingOf(code, '', undefined).course, 'retry');
});

test('an ending says what the server said before it', () => {
  const told = new MLGraphError('forbidden', 'not here');
  assert.equal(endingOf(4003, '', told).error.message, 'not here');
  assert.equal(endingOf(4001, 'token revoked', undefined).error.code, 'unauthorized');
  assert.equal(endingOf(1006, '', told).error.code, 'connection');
  assert.equal(endingOf(4103, 'shutdown retry_after_ms=1500', undefined).error.retryAfterMs, 1_500);
  assert.equal(endingOf(4103, 'retry_after_ms=x', undefined).error.retryAfterMs, 0);
});

test('one address serves both halves', () => {
  assert.equal(socketAddress('https://host:1'), 'wss://host:1/ws');
  assert.equal(socketAddress('ws://host/ws/events'), 'ws://host/ws/events');
  assert.equal(socketAddress('http://host/behind/ws'), 'ws://host/behind/ws');
  for (const url of ['https://host:1', 'wss://host:1/ws', 'https://host:1/ws/events', new URL('https://host:1/')]) assert.equal(restAddress(url), 'https://host:1');
  assert.equal(restAddress('wss://host/behind/ws'), 'https://host/behind');
  assert.throws(() => socketAddress('host'), TypeError);
});

test('the platform listens to the network and the page, where there are such', () => {
  const heard: string[] = [];
  const listeners = new Map<string, () => void>();
  const target = {
    addEventListener: (name: string, run: () => void) => listeners.set(name, run),
    removeEventListener: (name: string) => listeners.delete(name),
  };
  const world = globalThis as unknown as Record<string, unknown>;
  const page = {...target, visibilityState: 'hidden'};
  Object.assign(world, target, {document: page});
  try {
    const off = realPlatform().onWake(() => heard.push(page.visibilityState));
    listeners.get('online')?.();
    listeners.get('visibilitychange')?.();
    page.visibilityState = 'visible';
    listeners.get('visibilitychange')?.();
    assert.deepEqual(heard, ['hidden', 'visible']);
    off();
    assert.equal(listeners.size, 0);
  } finally {
    for (const name of ['addEventListener', 'removeEventListener', 'document']) delete world[name];
  }
  realPlatform().onWake(() => undefined)(); // Node has neither
});

test('an address that no WebSocket takes is said to be unsupported', async () => {
  await assert.rejects(realPlatform().open('ftp://host/'), (error) => error instanceof MLGraphError && error.code === 'unsupported');
});
