import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ago, bytes, clock, count, duration, milliseconds, percent, short} from '../src/format.js';

function all<Value>(show: (value: Value) => string, table: readonly (readonly [Value, string])[]): void {
  for (const [value, text] of table) assert.equal(show(value), text, `of ${String(value)}`);
}

test('numbers keep what matters of them', () => {
  all(count, [[0, '0'], [1234567, '1,234,567']]);
  all(short, [[0, '0'], [0.01234, '0.0123'], [12.34, '12.3'], [999, '999'], [1679, '1,679'], [12345, '12.3k'], [1.5e6, '1.5M'], [2e9, '2G'], [NaN, '–']]);
  all(bytes, [[0, '0 B'], [999, '999 B'], [1500, '1.5 kB'], [999_600, '1 MB'], [25.3e9, '25.3 GB']]);
});

test('times are told in the units people use', () => {
  all(milliseconds, [[0.4213, '0.421 ms'], [12, '12 ms'], [1234, '1.23 s'], [Infinity, '–']]);
  all(duration, [[0.2, 'under 1 s'], [1, '1 s'], [75, '1 min 15 s'], [3600, '1 h'], [90_061, '1 d 1 h'], [119.7, '2 min'], [Infinity, '–']]);
  all(ago, [[0, 'now'], [-50, 'now'], [3_400, '3 s ago'], [125_000, '2 min ago'], [7_200_000, '2 h ago'], [200_000_000, '2 d ago']]);
  assert.match(clock('2024-12-22T10:30:05.007Z', true), /^\d\d:\d\d:05\.007$/);
});

test('a share is not 100 % before it is', () => {
  all(percent, [[0, '0 %'], [0.999, '99 %'], [0.57, '57 %'], [0.29, '29 %'], [1, '100 %']]);
});
