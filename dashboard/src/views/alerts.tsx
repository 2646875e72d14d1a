import type {Alert} from '@mlgraph/client';
import {ago, clock, count, short} from '../format.js';
import {Empty, Failure, Pill} from '../ui/parts.js';
import {useCall, useLive, useNow} from '../ui/use_live.js';

const PAST_SHOWN = 30;

export function Alerts() {
  const live = useLive();
  const open = [...live.client.state.alerts.values()].sort((a, b) => (a.since < b.since ? 1 : -1));
  const past = [...live.pastAlerts.newest()].slice(0, PAST_SHOWN);
  return (
    <>
      {open.length === 0
        ? <Empty title={live.client.state.ready ? 'All quiet' : 'Waiting for the server'}>Disk, memory, slow searches, failed jobs: what crosses a rule’s level shows here until it is over.</Empty>
        : <ul class="rows" aria-label="Open alerts">{open.map((alert) => <AlertRow key={alert.alertId} alert={alert} />)}</ul>}
      {past.length > 0 && (
        <section aria-labelledby="past">
          <h2 id="past">Over since this page was opened</h2>
          <ul class="rows">
            {past.map(({place, event: {type, timestamp, data}}) => (
              <li key={place} class="row card">
                <div class="row-head">
                  <strong>{data.title}</strong>
                  <Pill tone={type === 'alert.resolved' ? 'good' : 'calm'}>{data.severity.replace('_', ' ')}</Pill>
                  <span class="row-end muted">{clock(timestamp)}</span>
                </div>
                <p>{data.message}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function AlertRow({alert}: {alert: Alert}) {
  const live = useLive();
  const now = useNow(5000);
  const {busy, error, run} = useCall();
  return (
    <li class={`row card alert-${alert.severity}`} data-alert={alert.alertId} data-severity={alert.severity}>
      <div class="row-head">
        <strong>{alert.title}</strong>
        <Pill tone={alert.severity === 'error' ? 'bad' : 'warn'}>{alert.severity}</Pill>
        {alert.index !== undefined && <span class="id muted">{alert.index}</span>}
        <span class="row-end">
          {alert.acknowledged_at !== undefined
            ? <span class="muted">acknowledged {clock(alert.acknowledged_at)}</span>
            : live.isAdmin && (
              <button type="button" class="quiet" disabled={busy}
                onClick={() => void run(() => live.rest.acknowledgeAlert({path: {id: alert.alertId}}))}>Acknowledge</button>
            )}
        </span>
      </div>
      <p>{alert.message}</p>
      <p class="row-facts muted">
        <span>rule {alert.rule}</span>
        <span>raised {ago(now - Date.parse(alert.since))}</span>
        {Object.entries(alert.metadata).map(([name, value]) => (
          <span key={name}>{name.replaceAll('_', ' ')} {typeof value === 'number' ? (Number.isInteger(value) ? count(value) : short(value)) : String(value)}</span>
        ))}
      </p>
      <Failure text={error} />
    </li>
  );
}
