// Compiled, never run: the types that programs see are those of docs/api, both ways.
import type * as sdk from '@mlgraph/client';
import type {components} from '../dist/schema.js';
import type {Authenticated, ErrorData, Subscribed, Unsubscribed, Welcome} from '../dist/messages.js';

type Schemas = components['schemas'];
/** A value of either is a value of the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : {missing: B}) : {refused: A};
function expect<_Holds extends true>(): void {}

expect<Same<sdk.Index, Schemas['Index']>>();
expect<Same<sdk.Shard, Schemas['Shard']>>();
expect<Same<sdk.Tiering, Schemas['Tiering']>>();
expect<Same<sdk.Job, Omit<Schemas['Job'], 'error'> & {readonly error: sdk.Job['error']}>>();
expect<Same<sdk.Alert, Schemas['Alert']>>();
expect<Same<sdk.ShardTransition, Schemas['ShardTransition']>>();
expect<Same<sdk.IndexEventData, Schemas['IndexEvent']>>();
expect<Same<sdk.IndexUpdate, Schemas['IndexUpdated']>>();
expect<Same<sdk.SystemMetrics, Schemas['SystemMetrics']>>();
expect<Same<sdk.IndexMetrics, Schemas['IndexMetrics']>>();
expect<Same<sdk.SearchMetrics, Schemas['SearchMetrics']>>();
expect<Same<sdk.IngestMetrics, Schemas['IngestMetrics']>>();
expect<Same<sdk.ServerErrorCode, Schemas['SocketErrorCode']>>();
expect<Same<ErrorData, Schemas['ErrorData']>>();
expect<Same<Welcome, Schemas['Welcome']>>();
expect<Same<Subscribed, Schemas['Subscribed']>>();
expect<Same<Unsubscribed, Schemas['Unsubscribed']>>();
expect<Same<Authenticated, Schemas['Authenticated']>>();
expect<Same<sdk.StateData['metrics'][number], Schemas['MetricsSample']>>();
expect<Same<keyof Schemas & `message:${sdk.EventType}`, `message:${sdk.EventType}`>>();
/** Every kind of the document that is an event, and no other. */
expect<Same<keyof Schemas & `message:${string}.${string}`, `message:${sdk.EventType}`>>();
type Events = {[Type in sdk.EventType]: Same<sdk.EventMap[Type]['type'], Schemas[`message:${Type}`]['type']>};
expect<Same<Events[sdk.EventType], true>>();
/** Where job errors are told apart, the document knows fewer codes than a later server may. */
const codeOf = (error: NonNullable<Schemas['Job']['error']>): NonNullable<sdk.Job['error']>['code'] => error.code;

/** Patterns lead to the events that they bring. */
declare const client: sdk.MLGraphClient;
client.on('job.progress', (event) => expect<Same<typeof event, sdk.EventMap['job.progress']>>());
client.on('job.import-1.failed', (event) => expect<Same<typeof event, sdk.EventMap['job.failed']>>());
client.on('job.*', ({data}) => expect<Same<typeof data, sdk.Job>>());
client.on('alert.x.*', ({data}) => expect<Same<typeof data, sdk.Alert>>());
client.on('*', (event) => expect<Same<typeof event, sdk.StreamEvent>>());
client.on('metrics.*', (event) => expect<Same<typeof event, sdk.MetricsEvent>>());
client.on('job.progres', (event) => expect<Same<typeof event, never>>());
client.on('status', ({status}) => expect<Same<typeof status, sdk.Status>>());
client.on(String(codeOf), (event) => expect<Same<typeof event, sdk.StreamEvent>>());
for await (const event of client.events(['job.completed', 'job.failed'])) expect<Same<typeof event, sdk.EventMap['job.completed' | 'job.failed']>>();
// @ts-expect-error a call without its path
client && (({}) as sdk.RestClient).getIndex({});
// @ts-expect-error no such member in an answer
(await ({} as sdk.RestClient).listJobs()).indices;
