import assert from 'node:assert/strict';
import {setTimeout as after} from 'node:timers/promises';
import {test} from 'node:test';
import {askOn, type Question} from '../src/asking.js';

/** A server that answers when told to. */
function asked(options: Partial<Question<number>> = {}) {
  const open: {signal: AbortSignal; answer: (value: number) => void}[] = [];
  const told: (number | string)[] = [];
  const end = askOn<number>({
    ask: (signal) => new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      open.push({signal, answer: resolve});
    }),
    everyMs: 1, patienceMs: 10_000, isSeen: () => true, onAnswer: (answer) => told.push(answer), onFailure: ({name}) => told.push(name),
    ...options,
  });
  const until = async (count: number) => {
    for (let turn = 0; open.length < count && turn < 1000; ++turn) await after(1);
    assert.equal(open.length, count);
  };
  return {open, told, end, until};
}

test('a question waits for the answer before it, however long that takes', async () => {
  const {open, told, end, until} = asked();
  for (const value of [1, 2, 3]) {
    await until(value);
    await after(10);
    assert.equal(open.length, value, 'nothing is asked meanwhile');
    open[value - 1]?.answer(value);
  }
  await until(4);
  end();
  assert.deepEqual(told, [1, 2, 3]);
});

test('a question that nobody answers fails, and the next one is asked', async () => {
  const {open, told, end, until} = asked({patienceMs: 20});
  const alive = setInterval(() => undefined, 5); // the timer of AbortSignal.timeout keeps no process
  await until(2);
  clearInterval(alive);
  assert.deepEqual(told, ['TimeoutError']);
  open[1]?.answer(7);
  await until(3);
  end();
  assert.deepEqual(told, ['TimeoutError', 7]);
});

test('what is ended asks and tells no more', async () => {
  const {open, told, end, until} = asked();
  await until(1);
  end();
  assert.equal(open[0]?.signal.aborted, true);
  await after(20);
  assert.deepEqual([open.length, told], [1, []]);
});

test('nothing is asked for a page that nobody sees, but the first time', async () => {
  let seen = false;
  const {open, end, until} = asked({isSeen: () => seen});
  open[0]?.answer(1);
  await after(20);
  assert.equal(open.length, 1);
  seen = true;
  await until(2);
  end();
});
