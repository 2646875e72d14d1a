// Cursors, looked into: a fold must tell before from after, and one history from another.
import type {Cursor} from './objects.js';

/** A cursor taken apart. `seq` stays text: it may be larger than a number holds exactly. */
export interface Place {
  readonly epoch: string;
  readonly seq: string;
}

/** undefined: not a cursor. */
export function parseCursor(cursor: Cursor): Place | undefined {
  const match = /^([0-9a-z]{1,32})-(0|[1-9][0-9]*)$/.exec(cursor);
  return match ? {epoch: match[1] as string, seq: match[2] as string} : undefined;
}

/** Whether `a` is at or before `b`, both of one epoch. */
export function isAtOrBefore(a: Place, b: Place): boolean {
  return a.seq.length === b.seq.length ? a.seq <= b.seq : a.seq.length < b.seq.length;
}
