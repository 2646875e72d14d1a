// A state that came in parts, made whole.
import {parseCursor, type Place} from './cursor.js';
import {FoldError} from './error.js';
import type {Cursor, StateData} from './types.js';

/** What a fold begins with: a `state` message, or as much of one. */
export interface StateSource {
  readonly id: Cursor;
  readonly data: StateData;
}

export function joinParts(parts: readonly StateSource[]): {id: Place; data: Omit<StateData, 'part' | 'last'>} {
  const ordered = [...parts].sort((a, b) => a.data.part - b.data.part);
  const id = ordered[0] && parseCursor(ordered[0].id);
  if (!id) throw new FoldError('bad_state', `a state stands at a cursor, not at '${String(ordered[0]?.id)}'`);
  ordered.forEach(({id: other, data}, place) => {
    if (other !== ordered[0]?.id) throw new FoldError('bad_state', `parts of two states: ${String(ordered[0]?.id)} and ${other}`);
    if (data.part !== place || data.last !== (place === ordered.length - 1))
      throw new FoldError('bad_state', `the state at ${other} is not whole: part ${place} is missing or is not the last`);
  });
  const all = <Key extends 'indices' | 'jobs' | 'alerts' | 'metrics'>(key: Key) =>
    ordered.flatMap(({data}) => data[key] as readonly StateData[Key][number][]);
  return {id, data: {indices: all('indices'), jobs: all('jobs'), alerts: all('alerts'), metrics: all('metrics')}};
}
