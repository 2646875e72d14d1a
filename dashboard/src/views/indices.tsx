import type {Index} from '@mlgraph/client';
import {bytes, clock, count, milliseconds} from '../format.js';
import {Empty} from '../ui/parts.js';
import {useLive} from '../ui/use_live.js';
import {liveVectors, ShardMap, TIERS} from './index_parts.js';

const TRANSITIONS_SHOWN = 40;

export function Indices() {
  const live = useLive();
  const indices = [...live.client.state.indices.values()].sort((a, b) => (a.index_id < b.index_id ? -1 : 1));
  if (indices.length === 0)
    return (
      <Empty title={live.client.state.ready ? 'No indices yet' : 'Waiting for the server'}>
        An index shows here as a map of its shards, and how they move from tier to tier. <code>mlgraph index create docs --dim 384 --metric COSINE</code> makes one.
      </Empty>
    );
  return (
    <>
      <ul class="legend" aria-label="Tiers">
        {TIERS.map(([tier, what]) => <li key={tier}><span class={`swatch tier-${tier}`} aria-hidden="true" />{tier} <span class="muted">{what}</span></li>)}
      </ul>
      <div class="cards">{indices.map((index) => <IndexCard key={index.index_id} index={index} />)}</div>
      <Transitions />
    </>
  );
}

function IndexCard({index}: {index: Index}) {
  const live = useLive();
  return (
    <article class="card index" data-index={index.index_id}>
      <h2 class="id">{index.index_id}</h2>
      <p class="row-facts">
        <b>{count(liveVectors(live, index))} vectors</b>
        <span>{count(index.dimension)} dimensions</span>
        <span>{index.metric_type}</span>
        <span>{index.index_type}{index.quantization === 'none' ? '' : `, ${index.quantization}`}</span>
        <span>{bytes(index.bytes)}</span>
        {index.deleted > 0 && <span class="muted">{count(index.deleted)} deleted, not yet compacted</span>}
      </p>
      <ShardMap shards={index.shards} />
    </article>
  );
}

function Transitions() {
  const {transitions} = useLive();
  const rows = [...transitions.newest()].slice(0, TRANSITIONS_SHOWN);
  return (
    <section aria-labelledby="transitions">
      <h2 id="transitions">Recent transitions</h2>
      {rows.length === 0
        ? <p class="muted">None since this page was opened. A shard moves on by itself at its index’s thresholds.</p>
        : (
          <div class="scroll" tabIndex={0} role="region" aria-labelledby="transitions">
            <table>
              <thead><tr><th>Time</th><th>Index</th><th>Shard</th><th>From</th><th>To</th><th>Why</th><th class="number">Vectors</th><th class="number">Took</th></tr></thead>
              <tbody>
                {rows.map(({place, event: {timestamp, data}}) => (
                  <tr key={place}>
                    <td class="time">{clock(timestamp)}</td>
                    <td class="id">{data.index}</td>
                    <td>{data.shard}</td>
                    <td class="muted">{data.from.tier}/{data.from.state}</td>
                    <td>{data.to.tier}/{data.to.state}</td>
                    <td>{data.reason.replaceAll('_', ' ')}</td>
                    <td class="number">{count(data.vectors)}</td>
                    <td class="number">{milliseconds(data.duration_ms)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
    </section>
  );
}
