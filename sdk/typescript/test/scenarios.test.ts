// Every scenario, from its beginning and from the middle, beside the state that the independent model expects.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {StateFold} from '@mlgraph/client';
import {canonical, digest, inParts, scenarios, stateAt, type Scenario} from './support/scenarios.js';

function expectStep(fold: StateFold, scenario: Scenario, step: number, how: string): void {
  const {state, digest: expected, event} = scenario.steps[step]!;
  const where = `${how}: state after step ${step}, ${event.type}`;
  if (state) assert.equal(canonical(fold.toState()), canonical(state), where);
  else assert.equal(digest(fold.toState()), expected, where);
}

function playFrom(fold: StateFold, scenario: Scenario, from: number, how: string): void {
  for (let step = from; step < scenario.steps.length; ++step) {
    assert.equal(fold.apply(scenario.steps[step]!.event), true);
    expectStep(fold, scenario, step, how);
  }
}

test('there are scenarios', () => assert.ok(scenarios.length > 0));

for (const scenario of scenarios) {
  test(`${scenario.name}: from the first event, the expected state at each id`, () => {
    playFrom(new StateFold(), scenario, 0, 'from the beginning');
  });

  test(`${scenario.name}: from a state in the middle, the same from there on`, () => {
    const middles = scenario.steps.flatMap(({state}, step) => (state ? [step] : []));
    assert.ok(middles.length > 1);
    for (const step of middles) {
      const state = stateAt(scenario, step);
      const fold = new StateFold(state);
      assert.equal(fold.id, state.id);
      expectStep(fold, scenario, step, `begun at step ${step}`);
      playFrom(fold, scenario, step + 1, `begun at step ${step}`);
      playFrom(new StateFold(inParts(state, 7)), scenario, step + 1, `begun at step ${step}, in parts`);
    }
  });

  test(`${scenario.name}: events that the state holds already change nothing`, () => {
    const fold = new StateFold();
    scenario.steps.forEach(({event}, step) => {
      fold.apply(event);
      for (const {event: earlier} of scenario.steps.slice(Math.max(0, step - 20), step + 1))
        if ('id' in earlier) assert.equal(fold.apply(earlier), false);
      expectStep(fold, scenario, step, 'with the last events again');
    });
  });

  test(`${scenario.name}: progress that a later event supersedes may be missing`, () => {
    const isSuperseded = (step: number) => {
      const {event} = scenario.steps[step]!;
      return event.type === 'job.progress' && scenario.steps.slice(step + 1).some(
        ({event: later}) => later.type.startsWith('job.') && 'jobId' in later.data && later.data['jobId'] === event.data.jobId,
      );
    };
    const fold = new StateFold();
    scenario.steps.forEach(({event}, step) => isSuperseded(step) || fold.apply(event));
    expectStep(fold, scenario, scenario.steps.length - 1, 'without superseded progress');
  });
}
