// Neighbours of a vector, with what they carry.
import type {RestClient} from '@mlgraph/client';
import {useEffect, useRef, useState} from 'preact/hooks';
import {count, milliseconds} from '../format.js';
import {Empty, Failure} from '../ui/parts.js';
import {useCall, useLive} from '../ui/use_live.js';
import {HitRow, type Hit} from './hit_row.js';
import {queryOf} from './query.js';

interface Answer {
  readonly hits: readonly Hit[];
  readonly took_ms: number;
  readonly visited: number;
  readonly near: string;
}

type Filter = NonNullable<Parameters<RestClient['search']>[0]['body']['filter']>;

export function Search() {
  const live = useLive();
  const indices = [...live.client.state.indices.values()].sort((a, b) => (a.index_id < b.index_id ? -1 : 1));
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [k, setK] = useState(10);
  const [filter, setFilter] = useState('');
  const [answer, setAnswer] = useState<Answer>();
  const [examples, setExamples] = useState<readonly string[]>([]);
  const {busy, error, run, clear} = useCall();
  const index = indices.find(({index_id}) => index_id === name) ?? indices[0];
  const chosen = index?.index_id;
  const filled = index !== undefined && index.vectors > 0;

  const turn = useRef(0); // of searches and choices; what comes of an earlier one is not shown

  // The first index is chosen as if by hand: it stays so when one comes whose name is before it.
  useEffect(() => {
    if (chosen !== undefined) setName(chosen);
    ++turn.current;
    setAnswer(undefined);
    clear();
  }, [chosen]);

  useEffect(() => {
    setExamples([]);
    if (chosen === undefined || !filled) return;
    let over = false;
    live.rest.listVectors({path: {id: chosen}, query: {limit: 5}})
      .then(({vectors}) => over || setExamples(vectors.map(({id}) => id)), () => undefined);
    return () => void (over = true);
  }, [chosen, filled]);

  if (!index)
    return (
      <Empty title={live.client.state.ready ? 'Nothing to search' : 'Waiting for the server'}>
        Once there is an index, its vectors’ neighbours can be looked at here.
      </Empty>
    );

  const search = (wanted: string) =>
    run(async () => {
      const mine = ++turn.current;
      setText(wanted);
      try {
        const query = queryOf(wanted, index.dimension);
        const path = {id: index.index_id};
        const vector = query.kind === 'vector' ? query.values : (await live.rest.getVector({path: {...path, vid: query.id}})).values;
        const body = {vector, k, ...(filter.trim() ? {filter: filterOf(filter)} : {})};
        const {results, took_ms, visited} = await live.rest.search({path, body});
        if (mine === turn.current) setAnswer({hits: results[0] ?? [], took_ms, visited, near: query.kind === 'id' ? query.id : 'the vector'});
      } catch (thrown) {
        if (mine === turn.current) throw thrown;
      }
    });

  return (
    <>
      <form class="card search" onSubmit={(event) => {
        event.preventDefault();
        void search(text);
      }}>
        <div class="search-line">
          <label>Index
            <select value={index.index_id} onChange={({currentTarget}) => setName(currentTarget.value)}>
              {indices.map(({index_id}) => <option key={index_id} value={index_id}>{index_id}</option>)}
            </select>
          </label>
          <label class="grow">Near
            <input class="id" spellcheck={false} value={text} placeholder={`an id, or ${count(index.dimension)} numbers`} aria-describedby="near-help"
              onInput={({currentTarget}) => setText(currentTarget.value)} />
          </label>
          <label>How many
            <input type="number" min={1} max={100} value={k} onInput={({currentTarget}) => setK(Math.min(100, Math.max(1, currentTarget.valueAsNumber || 1)))} />
          </label>
          <button type="submit" class="primary" disabled={busy}>{busy ? 'Searching…' : 'Search'}</button>
        </div>
        <p id="near-help" class="muted">
          The id of a stored vector, a JSON array, or plain numbers. The server holds vectors, not a language model: turn text into a vector with your own model first.
        </p>
        <details>
          <summary>Filter on metadata</summary>
          <label>Filter, as JSON
            <textarea class="id" rows={2} spellcheck={false} value={filter} placeholder='{"must":[{"key":"lang","match":"en"}]}'
              onInput={({currentTarget}) => setFilter(currentTarget.value)} />
          </label>
        </details>
        <Failure text={error} />
      </form>
      {answer ? <Hits answer={answer} onLike={(id) => void search(`"${id}"`)} /> : (
        <Empty title="Ask for neighbours">
          {examples.length > 0
            ? <>Begin with a vector that is there: {examples.map((id) => (
              <button key={id} type="button" class="chip id" onClick={() => void search(`"${id}"`)}>{id}</button>))}</>
            : filled ? 'Give a vector, or the id of one.' : 'This index holds no vectors yet.'}
        </Empty>
      )}
    </>
  );
}

function filterOf(text: string): Filter {
  try {
    return JSON.parse(text) as Filter;
  } catch {
    throw new Error('The filter is no JSON.');
  }
}

function Hits({answer: {hits, took_ms, visited, near}, onLike}: {answer: Answer; onLike: (id: string) => void}) {
  const farthest = Math.max(...hits.map(({distance}) => Math.abs(distance)), Number.MIN_VALUE);
  return (
    <section aria-label="Neighbours">
      <p class="muted" role="status">{count(hits.length)} nearest to {near}, in {milliseconds(took_ms)}; {count(visited)} vectors measured.</p>
      {hits.length === 0
        ? <Empty title="No neighbours">Nothing matches the filter, or the index is empty.</Empty>
        : <ol class="rows hits">{hits.map((hit) => <HitRow key={hit.id} hit={hit} share={Math.abs(hit.distance) / farthest} onLike={() => onLike(hit.id)} />)}</ol>}
    </section>
  );
}
