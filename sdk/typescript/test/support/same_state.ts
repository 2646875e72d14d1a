// Whether a client shows what the server does.
import assert from 'node:assert/strict';
import type {MLGraphClient, RestClient, StateData} from '@mlgraph/client';
import {isAtOrBefore, parseCursor, type Place} from '../../dist/cursor.js';

const KEYS = {indices: 'index_id', jobs: 'jobId', alerts: 'alertId'} as const;

/** Compares at one id: asks again until both stand at one. @returns the objects that differ. */
export async function sameState(client: MLGraphClient, rest: RestClient): Promise<string[]> {
  for (;;) {
    const {id, data} = await rest.getState();
    await reached(client, id);
    if (client.state.id !== id) continue; // there was more meanwhile
    const mine = client.state.toState();
    return (Object.keys(KEYS) as (keyof typeof KEYS)[]).flatMap((section) => {
      const [a, b] = [byId(mine, section), byId(data as StateData, section)];
      const different = [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
      return different.map((key) => `${section} ${key}: ${a.get(key)} is not ${b.get(key)}`);
    });
  }
}

function byId(state: StateData, section: keyof typeof KEYS): Map<string, string> {
  const objects = state[section] as readonly object[] as readonly Readonly<Record<string, unknown>>[];
  return new Map(objects.map((object) => [String(object[KEYS[section]]), JSON.stringify(sorted(object))]));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}

/** Until the client's state stands at the id or behind it; 30 s at most. */
async function reached(client: MLGraphClient, id: string): Promise<void> {
  const goal = parseCursor(id) as Place;
  const isThere = () => {
    const at = client.state.ready ? parseCursor(client.state.id ?? '') : undefined;
    return at?.epoch === goal.epoch && isAtOrBefore(goal, at);
  };
  if (isThere()) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new assert.AssertionError({message: `the client stands at ${client.state.id}, the server at ${id}`})), 30_000);
    const off = client.state.onChange(() => {
      if (!isThere()) return;
      clearTimeout(timer);
      off();
      resolve();
    });
  });
}
