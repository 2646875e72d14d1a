import {useState} from 'preact/hooks';
import {count} from '../format.js';
import {Empty} from '../ui/parts.js';
import {useLive} from '../ui/use_live.js';
import {JobRow} from './job_row.js';

const SHOWN = 30;

export function Jobs() {
  const live = useLive();
  const [limit, setLimit] = useState(SHOWN);
  const jobs = [...live.client.state.jobs.values()];
  const open = jobs.filter(({finished_at}) => finished_at === null).sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
  const ended = jobs.filter(({finished_at}) => finished_at !== null).sort((a, b) => ((a.finished_at ?? '') < (b.finished_at ?? '') ? 1 : -1));
  if (jobs.length === 0)
    return (
      <Empty title={live.client.state.ready ? 'No jobs yet' : 'Waiting for the server'}>
        Imports, trainings, exports and snapshots show here with their progress. <code>mlgraph import docs file.jsonl</code> begins one.
      </Empty>
    );
  return (
    <>
      <section aria-labelledby="open-jobs">
        <h2 id="open-jobs">Running</h2>
        {open.length === 0 ? <p class="muted">No job is running.</p> : <ul class="rows">{open.map((job) => <JobRow key={job.jobId} job={job} />)}</ul>}
      </section>
      {ended.length > 0 && (
        <section aria-labelledby="ended-jobs">
          <h2 id="ended-jobs">Ended</h2>
          <ul class="rows">{ended.slice(0, limit).map((job) => <JobRow key={job.jobId} job={job} />)}</ul>
          {ended.length > limit && <button type="button" class="quiet" onClick={() => setLimit(limit + SHOWN)}>Show more of {count(ended.length)}</button>}
        </section>
      )}
    </>
  );
}
