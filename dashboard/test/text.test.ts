import assert from 'node:assert/strict';
import {test} from 'node:test';
import {snippetOf} from '../src/snippet.js';
import {closesOf, reasonOf} from '../src/views/close_counts.js';
import {queryOf} from '../src/views/query.js';

test('a program that is copied says what was shown, whatever that holds', () => {
  const code = snippetOf({url: 'http://127.0.0.1:7700', pattern: 'job.import-1.*', since: 'abc-12'});
  assert.match(code, /client\.events\('job\.import-1\.\*', \{since: 'abc-12'\}\)/);
  assert.match(snippetOf({url: "http://x/'\n", pattern: '*'}), /url: 'http:\/\/x\/\\'\\n'/);
  assert.doesNotMatch(snippetOf({url: 'http://x', pattern: '*'}), /since/);
});

test('the search box knows a vector from an id', () => {
  assert.deepEqual(queryOf('[1, 0.5,-2e1]', 3), {kind: 'vector', values: [1, 0.5, -20]});
  assert.deepEqual(queryOf(' 1 0.5, 2 ', 3), {kind: 'vector', values: [1, 0.5, 2]});
  assert.deepEqual(queryOf('7', 1), {kind: 'vector', values: [7]});
  assert.deepEqual(queryOf('7', 3), {kind: 'id', id: '7'});
  assert.deepEqual(queryOf('"1 2 3"', 3), {kind: 'id', id: '1 2 3'});
  assert.deepEqual(queryOf('how to sign in', 3), {kind: 'id', id: 'how to sign in'});
});

test('what is no query is told why', () => {
  assert.throws(() => queryOf('  ', 3), /empty/);
  assert.throws(() => queryOf('[1, 2', 3), /JSON/);
  assert.throws(() => queryOf('[1, "2", 3]', 3), /list of numbers/);
  assert.throws(() => queryOf('1 2', 3), /2 numbers, the index 3 dimensions/);
});

test('close codes are counted from the server\'s own page', () => {
  const page = '# TYPE mlgraph_closes_total counter\nmlgraph_closes_total{code="1001"} 3\nmlgraph_closes_total{code="4102"} 12\nmlgraph_other{code="1"} 9\n';
  assert.deepEqual(closesOf(page), [[4102, 12], [1001, 3]]);
  assert.equal(reasonOf(4102), 'too slow');
  assert.equal(reasonOf(4999), 'other');
});
