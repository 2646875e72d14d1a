/** Why a fold refuses what it is given. */
export type FoldRefusal = 'other_epoch' | 'unknown_shard' | 'not_an_event' | 'bad_state';

/** A fold was given what does not continue it. The fold is as it was before; mostly the answer is to begin with a new state. */
export class FoldError extends Error {
  override readonly name = 'FoldError';
  /** Which refusal this is, for programs; `message` is for people. */
  readonly reason: FoldRefusal;

  constructor(reason: FoldRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}
