// The server at a glance.
import type {SystemMetrics} from '@mlgraph/client';
import {useState} from 'preact/hooks';
import {bytes, count, duration, milliseconds, short} from '../format.js';
import {Chart} from '../ui/chart.js';
import {Choice, Empty} from '../ui/parts.js';
import {useLive, useNow} from '../ui/use_live.js';
import {liveVectors} from './index_parts.js';
import {JobRow} from './job_row.js';

const WINDOWS = [['10', '10 s'], ['60', '1 min'], ['600', '10 min']] as const;
type Window = (typeof WINDOWS)[number][0];

export function Overview() {
  const live = useLive();
  const [window, setWindow] = useState<Window>('60');
  const [pausedAt, setPausedAt] = useState<number>();
  const now = useNow(1000);
  const until = pausedAt ?? Math.max((now - live.aheadMs) / 1000, live.series.newest ?? 0);
  const {indices, jobs, alerts, metrics, ready} = live.client.state;
  const system = [...metrics.values()].find((sample) => sample.type === 'metrics.system') as SystemMetrics | undefined;
  const vectors = [...indices.values()].reduce((sum, index) => sum + liveVectors(live, index), 0);
  const running = [...jobs.values()].filter(({state}) => state === 'running' || state === 'queued');
  const chart = {windowSeconds: Number(window), until};
  return (
    <>
      <dl class="tiles">
        <Tile name="Vectors" value={ready ? count(vectors) : '–'} note={`in ${count(indices.size)} ${indices.size === 1 ? 'index' : 'indices'}`} />
        <Tile name="Memory" value={system ? bytes(system.memory_used_gb * 1e9) : '–'}
          note={system ? `of ${bytes(system.memory_limit_gb * 1e9)}` : ''} />
        <Tile name="Disk" value={system ? bytes(system.disk_used_gb * 1e9) : '–'} note={system ? `CPU ${short(system.cpu_percent)} %` : ''} />
        <Tile name="Sessions" value={system ? count(system.active_connections) : '–'}
          note={system ? `${short(system.events_per_second)} events/s` : ''} />
        <Tile name="Alerts" value={ready ? count(alerts.size) : '–'} note={alerts.size === 0 ? 'all quiet' : 'open'} bad={alerts.size > 0} />
        <Tile name="Up" value={system ? duration(system.uptime_seconds) : '–'} note={system ? `node ${system.node}` : ''} />
      </dl>
      <div class="toolbar">
        <Choice label="Time shown" value={window} options={WINDOWS} onChoose={setWindow} />
        <button type="button" class="quiet" aria-pressed={pausedAt !== undefined} onClick={() => setPausedAt(pausedAt === undefined ? until : undefined)}>
          {pausedAt === undefined ? 'Pause' : 'Go on'}
        </button>
        {pausedAt !== undefined && <span class="muted" role="status">Paused; measuring goes on.</span>}
      </div>
      <div class="charts">
        <Chart {...chart} title="Searches per second" format={short} lines={[{measure: 'qps', label: 'searches/s', colour: '--c0'}]} />
        <Chart {...chart} title="Latency at the edge" format={milliseconds} lines={[
          {measure: 'p50', label: 'p50', colour: '--c0'}, {measure: 'p99', label: 'p99', colour: '--c1', dashed: true}]} />
        <Chart {...chart} title="Rows written per second" format={short} lines={[{measure: 'ingest', label: 'rows/s', colour: '--c0'}]} />
        <Chart {...chart} title="Memory" format={bytes} lines={[{measure: 'memory', label: 'resident', colour: '--c0'}]} />
      </div>
      <section aria-labelledby="running">
        <h2 id="running">At work</h2>
        {running.length === 0
          ? ready && indices.size === 0
            ? <Empty title="A quiet server">Make an index and import into it: <code>mlgraph index create docs --dim 384</code>, then <code>mlgraph import docs file.jsonl</code>.</Empty>
            : <p class="muted">No job is running.</p>
          : <ul class="rows">{running.map((job) => <JobRow key={job.jobId} job={job} />)}</ul>}
      </section>
    </>
  );
}

function Tile({name, value, note, bad = false}: {name: string; value: string; note: string; bad?: boolean}) {
  return (
    <div class="tile card">
      <dt>{name}</dt>
      <dd><b class={bad ? 'bad' : ''}>{value}</b><span class="muted">{note}</span></dd>
    </div>
  );
}
