// One seed for everything drawn by chance in a run; printed, so that a run can be repeated.
import {randomInt} from 'node:crypto';

/** MLG_SEED, or a new one. */
export const seed = Number(process.env['MLG_SEED'] ?? randomInt(2 ** 31 - 1));

/** MLG_RUNS, or so many. */
export function runsOr(count: number): number {
  return Number(process.env['MLG_RUNS'] ?? count);
}

/** Chance that can be repeated (mulberry32): from 0 to 1. */
export function dice(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
