// Who is connected, and who may: for admins.
import {ago, bytes, count} from '../format.js';
import {Empty, Failure} from '../ui/parts.js';
import {useAsked, useLive, useNow} from '../ui/use_live.js';
import {Closes} from './closes.js';
import {Tokens} from './tokens.js';

const EVERY_MS = 2000;

export function Access() {
  const live = useLive();
  if (live.isAdmin === undefined) return <p class="muted" role="status">Asking the server…</p>;
  if (!live.isAdmin)
    return <Empty title="For admins">Sessions and tokens are shown to tokens with the scope <code>admin</code>.</Empty>;
  return (
    <>
      <Sessions />
      <Closes />
      <Tokens />
    </>
  );
}

function Sessions() {
  const {answer, error} = useAsked((live, signal) => live.rest.listSessions({signal}), EVERY_MS);
  const now = useNow(1000);
  const rows = answer?.sessions ?? [];
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">Sessions <span class="muted">{answer ? count(rows.length) : ''}</span></h2>
      <Failure text={error} />
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="sessions">
          <table>
            <thead><tr><th>Token</th><th>From</th><th>By</th><th>Channels</th><th class="number">Queued</th><th class="number">Behind</th><th>Since</th></tr></thead>
            <tbody>
              {rows.slice(0, 100).map((row) => (
                <tr key={row.session} data-session={row.session}>
                  <td class="id">{row.token || '–'}</td>
                  <td class="id">{row.remote}</td>
                  <td>{row.transport}</td>
                  <td class="id channels" title={row.channels.join(' ')}>{row.channels.join(' ') || '–'}</td>
                  <td class="number">{bytes(row.queued_bytes)}</td>
                  <td class="number">{row.lag === 0 ? 'at the end' : `${count(row.lag)} events`}</td>
                  <td class="time">{ago(now - Date.parse(row.since))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > 100 && <p class="muted">The first 100 are shown.</p>}
    </section>
  );
}
