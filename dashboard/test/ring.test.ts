import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Ring} from '../src/ring.js';
import {Series} from '../src/series.js';

test('a ring keeps the last ones, newest first, however many come', () => {
  for (const limit of [1, 2, 7]) {
    const ring = new Ring<number>(limit);
    const all: number[] = [];
    for (let value = 0; value < 30; ++value) {
      ring.push(value);
      all.push(value);
      assert.deepEqual([...ring.newest()], all.slice(-limit).reverse(), `limit ${limit}, ${value + 1} pushed`);
    }
  }
});

test('a series gives the rows of a window, oldest first', () => {
  const series = new Series(['a', 'b'], 5);
  assert.equal(series.newest, undefined);
  for (let time = 1; time <= 8; ++time) series.push(time, {a: time * 10, b: -time});
  assert.equal(series.newest, 8);
  assert.deepEqual(series.range(['b', 'a'], 0, 99), [[4, 5, 6, 7, 8], [-4, -5, -6, -7, -8], [40, 50, 60, 70, 80]]);
  assert.deepEqual(series.range(['a'], 6, 7), [[6, 7], [60, 70]]);
  assert.deepEqual(series.range(['a'], 9, 10), [[], []]);
});

test('a series has holes where nothing was measured, and no row twice', () => {
  const series = new Series(['a'], 5);
  series.push(2, {a: 1});
  series.push(2, {a: 5});
  series.push(1, {a: 6});
  series.push(3, {a: NaN});
  assert.deepEqual(series.range(['a'], 0, 9), [[2, 3], [1, null]]);
});
