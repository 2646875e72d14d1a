// One job, as it stands.
import type {Job} from '@mlgraph/client';
import {clock, count, duration, percent, short} from '../format.js';
import {Bar, Failure, Pill, Sure} from '../ui/parts.js';
import {useCall, useLive} from '../ui/use_live.js';

/** What a job counts. */
function unitOf({jobType}: Job): string {
  return ['train', 'migrate', 'merge', 'compact'].includes(jobType) ? 'comparisons' : jobType === 'recall' ? 'searches' : 'rows';
}

const TONES = {queued: 'calm', running: 'busy', completed: 'good', failed: 'bad'} as const;

function stateOf({state, error}: Job): string {
  return state === 'failed' && error?.code === 'cancelled' ? 'cancelled' : state;
}

export function JobRow({job}: {job: Job}) {
  const live = useLive();
  const cancelling = useCall();
  const unit = unitOf(job);
  const isOpen = job.state === 'queued' || job.state === 'running';
  const took = job.finished_at === null ? null : (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000;
  return (
    <li class="row card" data-job={job.jobId} data-state={job.state}>
      <div class="row-head">
        <strong class="id">{job.jobId}</strong>
        <Pill tone={stateOf(job) === 'cancelled' ? 'calm' : TONES[job.state]}>{stateOf(job)}</Pill>
        <span class="muted">{job.jobType}{job.index === null ? '' : <> · <span class="id">{job.index}</span></>}</span>
        <span class="row-end">
          {isOpen && (
            <Sure ask="Cancel the job" disabled={cancelling.busy}
              onSure={() => void cancelling.run(() => live.rest.cancelJob({path: {id: job.jobId}}))}>Cancel</Sure>
          )}
          {!isOpen && <span class="muted">{clock(job.finished_at ?? job.started_at)}</span>}
        </span>
      </div>
      {isOpen && <Bar share={job.progress} label={`Progress of ${job.jobId}`} />}
      <p class="row-facts">
        {isOpen && job.progress !== null && <b>{percent(job.progress)}</b>}
        <span>{count(job.processed)}{job.total === null ? '' : ` of ${count(job.total)}`} {unit}</span>
        {job.state === 'running' && job.rate > 0 && <span>{short(job.rate)} {unit}/s</span>}
        {job.state === 'running' && job.eta_seconds !== null && <span>{duration(job.eta_seconds)} left</span>}
        {took !== null && <span>took {duration(took)}</span>}
        {job.failed > 0 && <span class="bad">{count(job.failed)} refused</span>}
        {isOpen && job.phase && <span class="muted">{job.phase}</span>}
      </p>
      {job.error && stateOf(job) !== 'cancelled' && <p class="failure">{job.error.code}: {job.error.message}</p>}
      {job.errors.length > 0 && (
        <details>
          <summary>{job.errors.length === 1 ? 'The refused row' : `The first ${job.errors.length} refused rows`}</summary>
          <ul class="plain">{job.errors.map(({row, message}) => <li key={row}>{message}</li>)}</ul>
        </details>
      )}
      <Failure text={cancelling.error} />
    </li>
  );
}
