// The scenarios of tests/fold, and states in a form that can be compared.
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Alert, Index, Job, StateData, StateSource, StreamEvent} from '@mlgraph/client';

/** What a scenario expects: the objects of a state. */
export interface Expected {
  readonly indices: readonly Index[];
  readonly jobs: readonly Job[];
  readonly alerts: readonly Alert[];
}

/** An event, and the state after it, whole or as its digest or both. */
export interface Step {
  readonly event: StreamEvent;
  readonly state?: Expected;
  readonly digest?: string;
}

export interface Scenario {
  readonly name: string;
  readonly why: string;
  readonly epoch: string;
  readonly steps: readonly Step[];
}

/** MLG_FOLD_SCENARIOS: another folder, as `make_scenarios.py --random` fills one. */
const folder = process.env['MLG_FOLD_SCENARIOS'] ?? fileURLToPath(new URL('../../../../tests/fold/scenarios', import.meta.url));

export const scenarios: readonly Scenario[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Scenario);

/** As tests/fold/model.py writes it: members sorted, objects sorted by id. */
export function canonical({indices, jobs, alerts}: Expected): string {
  const by = <T>(list: readonly T[], id: (object: T) => string) => [...list].sort((a, b) => (id(a) < id(b) ? -1 : 1));
  return JSON.stringify({
    alerts: by(alerts, (alert) => alert.alertId).map(withSortedMembers),
    indices: by(indices, (index) => index.index_id).map(withSortedMembers),
    jobs: by(jobs, (job) => job.jobId).map(withSortedMembers),
  });
}

export function digest(state: Expected): string {
  return createHash('sha256').update(canonical(state)).digest('hex');
}

function withSortedMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, withSortedMembers(v)]));
}

/** The expected state as the server would send it at that step. */
export function stateAt(scenario: Scenario, step: number): StateSource {
  const last = scenario.steps.slice(0, step + 1).filter(({event}) => 'id' in event).at(-1)?.event;
  const state = scenario.steps[step]?.state;
  if (!last || !('id' in last) || !state) throw new Error(`${scenario.name} has no state at step ${step}`);
  return {id: last.id, data: {...state, metrics: [], part: 0, last: true}};
}

/** The same in parts, as the socket sends large ones: `size` objects in each. */
export function inParts({id, data}: StateSource, size: number): StateSource[] {
  const all = (['indices', 'jobs', 'alerts'] as const).flatMap((section) => data[section].map((object) => ({section, object})));
  const parts: StateSource[] = [];
  do {
    const some = all.splice(0, size);
    const of = (section: string) => some.filter((item) => item.section === section).map((item) => item.object);
    const objects = {indices: of('indices'), jobs: of('jobs'), alerts: of('alerts')} as Expected;
    parts.push({id, data: {...objects, metrics: [], part: parts.length, last: all.length === 0} satisfies StateData});
  } while (all.length > 0);
  return parts;
}
