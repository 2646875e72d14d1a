// How the line to the server is: state, round trip, age of the last event.
import type {Status} from '@mlgraph/client';
import {ago, duration, milliseconds} from '../format.js';
import {useLive, useNow} from './use_live.js';

const WORDS: Readonly<Record<Status, readonly [string, 'good' | 'busy' | 'bad']>> = {
  idle: ['connecting', 'busy'],
  connecting: ['connecting', 'busy'],
  authenticating: ['connecting', 'busy'],
  resuming: ['catching up', 'busy'],
  live: ['live', 'good'],
  waiting: ['not connected', 'bad'],
  closed: ['closed', 'bad'],
};

export function Badge() {
  const live = useLive();
  const now = useNow(1000);
  const [word, tone] = WORDS[live.status];
  return (
    <div class={`badge badge-${tone}`} data-status={live.status}>
      <span class="badge-dot" aria-hidden="true" />
      <strong role="status">{word}</strong>
      {live.status === 'waiting' && <span>next try {now < live.retryAt ? `in ${duration((live.retryAt - now) / 1000)}` : 'now'}</span>}
      {live.roundTripMs !== undefined && <span title="There and back, on the open connection">{milliseconds(live.roundTripMs)}</span>}
      {live.heardAt !== undefined && <span class="badge-age" title="The last event">event {ago(now - live.heardAt)}</span>}
    </div>
  );
}
