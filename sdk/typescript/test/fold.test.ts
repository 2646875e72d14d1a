// What StateFold promises beside the scenarios: ids, refusals, samples, objects that are never changed.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {FoldError, StateFold, type DurableEvent, type MetricsEvent, type StateSource, type StreamEvent} from '@mlgraph/client';
import {AT, anIndex} from './support/events.js';
import {inParts, scenarios, stateAt} from './support/scenarios.js';

function created(name: string, id: string): DurableEvent {
  return {type: 'index.created', timestamp: AT, data: {...anIndex(name), index: name}, id};
}

function moved(name: string, shard: number, id: string): DurableEvent {
  const data = {
    index: name, shard, node: 'n1', from: {tier: 'idmap', state: 'active'}, to: {tier: 'idmap', state: 'training'},
    reason: 'manual', vectors: 5, duration_ms: 0,
  } as const;
  return {type: 'index.shard_transition', timestamp: AT, data, id};
}

function sample(kind: 'system' | 'search', about: string, qps: number): MetricsEvent {
  return {type: `metrics.${kind}`, timestamp: AT, data: {[kind === 'system' ? 'node' : 'index']: about, qps}} as unknown as MetricsEvent;
}

function refusal(reason: string) {
  return (error: unknown) => error instanceof FoldError && error.reason === reason;
}

test('an empty fold stands before the first event of any history', () => {
  const fold = new StateFold();
  assert.equal(fold.id, undefined);
  assert.deepEqual(fold.toState(), {indices: [], jobs: [], alerts: [], metrics: [], part: 0, last: true});
  assert.equal(fold.apply(created('docs', 'e1-7')), true);
  assert.equal(fold.id, 'e1-7');
});

test('ids are compared as numbers, also beyond what a double holds', () => {
  const fold = new StateFold();
  fold.apply(created('a', 'e1-9'));
  assert.equal(fold.apply(created('b', 'e1-10')), true);
  assert.equal(fold.apply(created('c', 'e1-9')), false);
  fold.apply(created('d', 'e1-18446744073709551614'));
  assert.equal(fold.apply(created('e', 'e1-18446744073709551614')), false);
  assert.equal(fold.apply(created('f', 'e1-18446744073709551615')), true);
  assert.deepEqual([...fold.indices.keys()], ['a', 'b', 'd', 'f']);
});

test('an event of another epoch is refused and changes nothing', () => {
  const fold = new StateFold();
  fold.apply(created('docs', 'e1-1'));
  assert.throws(() => fold.apply(created('other', 'e2-2')), refusal('other_epoch'));
  assert.throws(() => fold.apply(created('other', 'e2-1')), /e2-1.*'e1'/);
  assert.equal(fold.id, 'e1-1');
  assert.deepEqual([...fold.indices.keys()], ['docs']);
});

test('a transition of a shard that nothing told of is refused and changes nothing', () => {
  const fold = new StateFold();
  assert.throws(() => fold.apply(moved('docs', 0, 'e1-1')), refusal('unknown_shard'));
  assert.equal(fold.id, undefined);
  fold.apply(created('docs', 'e1-2'));
  assert.throws(() => fold.apply(moved('docs', 2, 'e1-3')), refusal('unknown_shard'));
  assert.equal(fold.id, 'e1-2');
});

test('messages that are no events are refused', () => {
  const state = {type: 'state', timestamp: AT, data: new StateFold().toState(), id: 'e1-1'};
  const withoutId = {type: 'job.started', timestamp: AT, data: {}};
  const badId = {...created('docs', 'E1-01')};
  for (const message of [state, {type: 'pong', timestamp: AT}, withoutId, badId, {}])
    assert.throws(() => new StateFold().apply(message as unknown as StreamEvent), refusal('not_an_event'));
});

test('a kind of a later server moves the id and nothing else', () => {
  const fold = new StateFold();
  fold.apply(created('docs', 'e1-1'));
  const before = fold.toState();
  assert.equal(fold.apply({type: 'index.renamed', timestamp: AT, data: {}, id: 'e1-2'} as unknown as StreamEvent), true);
  assert.equal(fold.id, 'e1-2');
  assert.deepEqual(fold.toState(), before);
});

test('members of a later server are kept, those of the event are not', () => {
  const fold = new StateFold();
  const data = {...anIndex('docs'), aliases: ['d'], index: 'docs', changed: ['aliases']};
  fold.apply({type: 'index.updated', timestamp: AT, data, id: 'e1-1'});
  assert.deepEqual(fold.indices.get('docs'), {...anIndex('docs'), aliases: ['d']});
});

test('objects are replaced, never changed', () => {
  const fold = new StateFold();
  fold.apply(created('docs', 'e1-1'));
  fold.apply(created('other', 'e1-2'));
  const before = fold.indices.get('docs')!;
  const other = fold.indices.get('other');
  const copy = structuredClone(before);
  fold.apply(moved('docs', 1, 'e1-3'));
  const after = fold.indices.get('docs')!;
  assert.deepEqual(before, copy);
  assert.notEqual(after, before);
  assert.equal(after.shards[0], before.shards[0]);
  assert.equal(after.shards[1]!.state, 'training');
  assert.equal(after.vectors, 5);
  assert.equal(fold.indices.get('other'), other);
});

test('samples: the newest of each channel, and none of a deleted index', () => {
  const fold = new StateFold();
  fold.apply(created('docs', 'e1-1'));
  fold.apply(sample('system', 'n1', 1));
  fold.apply(sample('search', 'docs', 2));
  fold.apply(sample('search', 'other', 3));
  fold.apply(sample('search', 'docs', 4));
  assert.equal(fold.id, 'e1-1');
  assert.deepEqual([...fold.metrics].map(([channel, sample]) => [channel, 'qps' in sample && sample.qps]), [
    ['metrics.n1.system', 1], ['metrics.docs.search', 4], ['metrics.other.search', 3],
  ]);
  const resumed = new StateFold({id: fold.id!, data: fold.toState()});
  assert.deepEqual(new Map([...resumed.metrics].sort()), new Map([...fold.metrics].sort()));
  fold.apply({...created('docs', 'e1-2'), type: 'index.deleted'} as DurableEvent);
  assert.deepEqual([...fold.metrics.keys()], ['metrics.n1.system', 'metrics.other.search']);
});

test('a state is taken whole or in parts in any order, and not with a part missing', () => {
  const scenario = scenarios.find(({steps}) => steps.some(({state}) => state && state.jobs.length + state.indices.length > 8));
  assert.ok(scenario);
  const step = scenario.steps.findIndex(({state}) => state && state.jobs.length + state.indices.length > 8);
  const whole = stateAt(scenario, step);
  const parts = inParts(whole, 3);
  assert.ok(parts.length > 2);
  assert.deepEqual(new StateFold([...parts].reverse()).toState(), new StateFold(whole).toState());
  const bad: readonly (readonly StateSource[])[] = [
    [], parts.slice(1), parts.slice(0, -1), [parts[0]!, ...parts.slice(2)], [...parts, parts[1]!],
    [{...parts[0]!, id: 'other-1'}, ...parts.slice(1)], [{...whole, id: ''}],
  ];
  for (const some of bad) assert.throws(() => new StateFold(some), refusal('bad_state'));
});

test('what toState shows can be gone on from', () => {
  const fold = new StateFold();
  for (const {event} of scenarios[0]!.steps) {
    fold.apply(event);
    const again = new StateFold({id: fold.id!, data: fold.toState()});
    assert.equal(again.id, fold.id);
    assert.deepEqual(again.toState(), fold.toState());
  }
});
