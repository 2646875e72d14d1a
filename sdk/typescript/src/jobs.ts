// The jobs of a state, and which of the ended ones are forgotten.
import type {Job} from './objects.js';

/** Ended jobs that are kept of each index. */
export const ENDED_JOBS_PER_INDEX = 100;
/** Names without an index whose ended jobs are kept. */
export const DELETED_INDICES_WITH_JOBS = 100;

/** Jobs by id. Which one is forgotten next follows from the jobs alone, so a state can be gone on from. */
export class JobTable {
  readonly #jobs = new Map<string, Job>();
  /** Index (null: none) to its ended jobs, the first to be forgotten in front. */
  readonly #ended = new Map<string | null, Job[]>();

  get byId(): ReadonlyMap<string, Job> {
    return this.#jobs;
  }

  /** Puts the job in place of an older object; of an index's ended jobs the last 100 stay. */
  put(job: Job): void {
    this.#drop(job.jobId);
    this.#jobs.set(job.jobId, job);
    if (!hasEnded(job)) return;
    let ended = this.#ended.get(job.index);
    if (!ended) this.#ended.set(job.index, (ended = []));
    let place = ended.length;
    while (place > 0 && isForgottenBefore(job, ended[place - 1] as Job)) --place;
    ended.splice(place, 0, job);
    while (ended.length > ENDED_JOBS_PER_INDEX) this.#drop((ended[0] as Job).jobId);
  }

  /** After a deletion: of the names without an index, the 100 whose jobs ended last keep their ended jobs. */
  forgetDeleted(exists: (index: string) => boolean): void {
    const gone = [...this.#ended]
      .filter((entry): entry is [string, Job[]] => entry[0] !== null && !exists(entry[0]))
      .map(([name, jobs]) => ({name, last: endOf(jobs[jobs.length - 1] as Job)}))
      .sort((a, b) => (a.last === b.last ? compare(a.name, b.name) : compare(a.last, b.last)));
    for (const {name} of gone.slice(0, Math.max(0, gone.length - DELETED_INDICES_WITH_JOBS)))
      for (const job of [...(this.#ended.get(name) ?? [])]) this.#drop(job.jobId);
  }

  #drop(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
    const ended = this.#ended.get(job.index);
    const place = ended?.indexOf(job) ?? -1;
    if (!ended || place < 0) return;
    ended.splice(place, 1);
    if (ended.length === 0) this.#ended.delete(job.index);
  }
}

function hasEnded(job: Job): boolean {
  return job.state === 'completed' || job.state === 'failed';
}

function endOf(job: Job): string {
  return job.finished_at ?? '';
}

function isForgottenBefore(a: Job, b: Job): boolean {
  return endOf(a) === endOf(b) ? a.jobId < b.jobId : endOf(a) < endOf(b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
