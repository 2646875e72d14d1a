import type {RestAnswer} from '@mlgraph/client/rest.js';

export type Hit = RestAnswer<'search'>['results'][number][number];

export function HitRow({hit, share, onLike}: {hit: Hit; share: number; onLike: () => void}) {
  const members = Object.entries(hit.metadata ?? {});
  return (
    <li class="row card" data-hit={hit.id}>
      <div class="row-head">
        <strong class="id">{hit.id}</strong>
        <span class="row-end">
          <span class="distance" title="Distance"><span class="distance-bar" aria-hidden="true"><i style={{width: `${share * 100}%`}} /></span><b>{Number(hit.distance.toPrecision(4))}</b></span>
          <button type="button" class="quiet" onClick={onLike}>Like this<span class="unseen">: {hit.id}</span></button>
        </span>
      </div>
      {members.length > 0 && (
        <dl class="metadata">
          {members.map(([name, value]) => (
            <div key={name}><dt>{name}</dt><dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd></div>
          ))}
        </dl>
      )}
    </li>
  );
}
