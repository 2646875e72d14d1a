// An index as a map of its shards.
import type {Index, IndexMetrics, Shard, ShardPhase} from '@mlgraph/client';
import {short} from '../format.js';
import type {Live} from '../live.js';

export const TIERS = [['idmap', 'flat, exact'], ['ivf', 'trained'], ['ondisk', 'values on disk'], ['merged', 'one part of all shards']] as const;

/** As of the newest sample, else of the last event. */
export function liveVectors({client}: Live, index: Index): number {
  const sample = client.state.metrics.get(`metrics.${index.index_id}.index`) as IndexMetrics | undefined;
  return sample?.vectors ?? index.vectors;
}

/** How a state is marked beside its name. */
export function toneOf(state: ShardPhase): 'good' | 'busy' | 'warn' | 'bad' {
  if (state === 'active') return 'good';
  if (state === 'dead') return 'bad';
  return state === 'readonly' ? 'warn' : 'busy';
}

export function ShardMap({shards}: {shards: readonly Shard[]}) {
  return (
    <ul class="shards" aria-label="Shards">
      {shards.map((shard) => (
        <li key={shard.shard} class={`shard tier-${shard.tier}`} title={`shard ${shard.shard} on ${shard.node}, since ${shard.since}`}>
          <span class="shard-number">{shard.shard}</span>
          <span class="shard-tier">{shard.tier}</span>
          <span class={`shard-state state-${toneOf(shard.state)}`}>{shard.state}</span>
          <span class="shard-count">{short(shard.vectors)}</span>
        </li>
      ))}
    </ul>
  );
}
