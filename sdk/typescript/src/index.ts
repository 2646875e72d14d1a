export {StateFold} from './fold.js';
export {FoldError, type FoldRefusal} from './error.js';
export type {StateSource} from './state.js';
export type * from './types.js';
