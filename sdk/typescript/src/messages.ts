// What the server answers, beside events and state: docs/api/asyncapi.yaml.
import {MLGraphError, type ServerErrorCode} from './error.js';
import type {StateMessage, StreamEvent} from './events.js';
import type {Cursor, Timestamp} from './objects.js';

/** The answer to `hello`. */
export interface Welcome {
  readonly server: string;
  readonly version: string;
  readonly node: string;
  readonly session: string;
  readonly epoch: string;
  /** The newest. */
  readonly id: Cursor;
  /** The oldest that can still be resumed from. */
  readonly oldest_id: Cursor;
  readonly authenticated: boolean;
  readonly heartbeat_seconds: number;
  readonly limits: Readonly<Record<string, number>>;
}

/** The answer to `subscribe`. */
export interface Subscribed {
  /** All that are subscribed now. */
  readonly channels: readonly string[];
  /** Where delivery begins. */
  readonly id: Cursor;
  /** Whether `since` was honoured; false without one. */
  readonly recovered: boolean;
}

/** The answer to `auth`. */
export interface Authenticated {
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly expires_at: Timestamp | null;
}

/** Patterns went; with a reason, nobody asked for it. */
export interface Unsubscribed {
  /** All that are left. */
  readonly channels: readonly string[];
  readonly reason?: string;
}

export interface ErrorData {
  readonly code: ServerErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_ms?: number;
}

export type Ref = string | number;

interface Answer<Type extends string, Data> {
  readonly type: Type;
  readonly timestamp: Timestamp;
  readonly data: Data;
  readonly ref?: Ref;
}

export type Message =
  | Answer<'authenticated', Authenticated>
  | Answer<'auth_expiring', {readonly expires_at: Timestamp}>
  | Answer<'subscribed', Subscribed>
  | Answer<'unsubscribed', Unsubscribed>
  | Answer<'welcome', Welcome>
  | Answer<'error', ErrorData>
  | {readonly type: 'pong'; readonly timestamp: Timestamp; readonly id?: Cursor; readonly ref?: Ref}
  | (StateMessage & {readonly ref?: Ref})
  | (StreamEvent & {readonly ref?: undefined});

/** What a request that is waited for is answered with. */
export type Reply = Exclude<Message, {readonly type: 'pong'}>;

export function errorOf({code, message, retryable, retry_after_ms: retryAfterMs = 0}: ErrorData): MLGraphError {
  return new MLGraphError(code, message, {retryable, retryAfterMs});
}
