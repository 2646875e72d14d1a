// Whatever happens to connections, tokens, histories and time: each event once and in order, or it is told. Random stories in a
// fake world; MLG_SEED repeats a run, MLG_RUNS lengthens it.
import {test} from 'node:test';
import fc from 'fast-check';
import {CHANNELS, CLOSE_CODES, Machine, type Action} from './support/machine.js';
import {runsOr, seed} from './support/seed.js';

const channel = fc.nat(CHANNELS.length - 1);
const back = fc.oneof({weight: 3, arbitrary: fc.constant(-1)}, {weight: 1, arbitrary: fc.nat(12)});
const verb = <Verb extends Action['do'], Members extends object>(name: Verb, members: {[Key in keyof Members]: fc.Arbitrary<Members[Key]>}) =>
  fc.record({do: fc.constant(name), ...members}) as unknown as fc.Arbitrary<Action>;

const action: fc.Arbitrary<Action> = fc.oneof(
  {weight: 12, arbitrary: verb('emit', {what: fc.nat(7), name: fc.nat(2)})},
  {weight: 5, arbitrary: verb('arrive', {count: fc.integer({min: 1, max: 12})})},
  {weight: 5, arbitrary: verb('pass', {ms: fc.constantFrom(10, 500, 2_000, 30_000, 90_000)})},
  {weight: 4, arbitrary: verb('subscribe', {channel, back})},
  {weight: 2, arbitrary: verb('unsubscribe', {channel})},
  {weight: 3, arbitrary: verb('loop', {channel, back, limit: fc.integer({min: 1, max: 8}), reads: fc.boolean()})},
  {weight: 3, arbitrary: verb('cut', {after: fc.nat(6)})},
  {weight: 1, arbitrary: verb('freeze', {})},
  {weight: 2, arbitrary: verb('net', {mode: fc.constantFrom('up', 'up', 'refusing', 'silent')})},
  {weight: 2, arbitrary: verb('end', {code: fc.constantFrom(...CLOSE_CODES), retryAfterMs: fc.constantFrom(0, 0, 1_500, 40_000)})},
  {weight: 1, arbitrary: verb('forget', {kept: fc.nat(6)})},
  {weight: 1, arbitrary: verb('revoke', {channel})},
  ...(['anew', 'expire', 'expiring', 'limit', 'wake', 'tokenFails', 'tokenIsOld', 'stall'] as const).map((name) => ({weight: 1, arbitrary: verb(name, {})})),
);

const story = fc.record({dice: fc.nat(), watches: fc.boolean(), parts: fc.integer({min: 1, max: 3}), actions: fc.array(action, {maxLength: 60, size: 'max'})});

test(`each event once and in order, or it is told (MLG_SEED=${seed})`, async () => {
  const property = fc.asyncProperty(story, async ({dice, watches, parts, actions}) => {
    const machine = new Machine(dice);
    machine.server.partsOfState = parts;
    if (watches) machine.watch();
    for (const each of actions) await machine.act(each);
    if (machine.client.status === 'idle') return; // nothing was asked for
    await machine.heal();
    for (let what = 0; what < 8; ++what) machine.emit(what, 'docs');
    await machine.world.settle();
    machine.check();
    await machine.finish();
  });
  await fc.assert(property, {seed, numRuns: runsOr(1500), includeErrorInReport: true});
});
