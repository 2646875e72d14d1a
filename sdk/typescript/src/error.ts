import type {Cursor} from './objects.js';

/** What the server calls an error; docs/protocol.md says what each means. */
export type ServerErrorCode =
  | 'bad_json' | 'bad_request' | 'unknown_type' | 'unauthorized' | 'token_expired' | 'forbidden' | 'invalid_channel' | 'too_many_channels'
  | 'rate_limited' | 'too_large' | 'cursor_expired' | 'overloaded' | 'shutting_down' | 'internal' | 'not_found' | 'conflict' | 'timeout'
  | 'invalid_vector' | 'invalid_value' | 'recovering' | 'readonly' | 'no_space' | 'cancelled' | 'interrupted' | 'corrupt';

/**
 * What this client calls one:
 * `connection` (lost or not come about; it is tried again), `closed` (by the program, or for good), `token` (the token function failed),
 * `gap` (events are missing here), `overflow` (an iterator was read too slowly), `revoked` (the token may not hear a channel any more),
 * `unsupported` (there is no WebSocket here, or the address is none).
 */
export type ClientErrorCode = 'connection' | 'closed' | 'token' | 'gap' | 'overflow' | 'revoked' | 'unsupported';

/** More of an error than its code and text. */
export interface ErrorDetails {
  /** Whether the same may succeed later. Default false. */
  readonly retryable?: boolean;
  /** The least delay before that, in milliseconds. */
  readonly retryAfterMs?: number;
  /** `overflow` and `gap`: the last id before what is missing, to resume from. */
  readonly since?: Cursor | undefined;
  readonly cause?: unknown;
}

/** Every error of the realtime client. `code` is for programs, `message` for people. */
export class MLGraphError extends Error {
  override readonly name = 'MLGraphError';
  readonly code: ServerErrorCode | ClientErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
  readonly since: Cursor | undefined;

  constructor(code: ServerErrorCode | ClientErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details as ErrorOptions);
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.since = details.since;
  }
}

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
