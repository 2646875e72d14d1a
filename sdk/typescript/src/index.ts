// What programs import.
export {MLGraphClient, type Channels, type ClientOptions, type EventsOptions, type SubscribeOptions} from './client.js';
export type {BackoffOptions} from './backoff.js';
export type {Status, StatusChange} from './connection.js';
export {FoldError, MLGraphError, type ClientErrorCode, type FoldRefusal, type ServerErrorCode} from './error.js';
export type * from './events.js';
export {StateFold} from './fold.js';
export type {Gap, NoticeMap, Revoked} from './listeners.js';
export type {LiveState, StateChange} from './live_state.js';
export type {Subscribed} from './messages.js';
export type * from './objects.js';
export type {Platform, SocketClass, SocketLike} from './platform.js';
export {restClient, RestError, type RestClient, type RestOptions} from './rest.js';
export type {StateSource} from './state.js';
export type {TokenSource} from './token.js';
