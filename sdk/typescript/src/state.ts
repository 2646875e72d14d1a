// A state that came in parts, made whole.
import {parseCursor, type Place} from './cursor.js';
import {FoldError} from './error.js';
import type {StateData} from './events.js';
import type {Cursor} from './objects.js';

/** What a fold begins with: a `state` message, or as much of one. */
export interface StateSource {
  readonly id: Cursor;
  readonly data: StateData;
}

export function joinParts(parts: readonly StateSource[]): {id: Place; data: Omit<StateData, 'part' | 'last'>} {
  const ordered = [...parts].sort((a, b) => a.data.part - b.data.part);
  const at = String(ordered[0]?.id);
  const id = parseCursor(at);
  const isWhole = ordered.every(({id: other, data: {part, last}}, place) =>
    other === at && part === place && last === (place === ordered.length - 1));
  if (!id || !isWhole) throw new FoldError('bad_state', `of the state at '${at}' a part is missing, or one is of another`);
  const all = <Key extends 'indices' | 'jobs' | 'alerts' | 'metrics'>(key: Key) =>
    ordered.flatMap(({data}) => data[key] as readonly StateData[Key][number][]);
  return {id, data: {indices: all('indices'), jobs: all('jobs'), alerts: all('alerts'), metrics: all('metrics')}};
}
