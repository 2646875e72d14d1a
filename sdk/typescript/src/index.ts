export {StateFold} from './fold.js';
export {FoldError, type FoldRefusal} from './error.js';
export type * from './events.js';
export type * from './objects.js';
export type {StateSource} from './state.js';
export {restClient, RestError, type RestClient, type RestOptions} from './rest.js';
export type {TokenSource} from './token.js';
