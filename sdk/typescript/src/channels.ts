// Channels, as docs/protocol.md has them: an event stands on two, a pattern brings some.
import type {MetricsEvent, StreamEvent} from './events.js';

/** Whether it is a sample beside the log: no id, newest value only. */
export function isSample(event: StreamEvent): event is MetricsEvent {
  return String(event.type).startsWith('metrics.');
}

/** Whether a message's type is an event's, also one of a later server. */
export function isEventType(type: unknown): boolean {
  return /^(metrics|job|index|alert)\./.test(String(type));
}

/** The member of an event's data that names what it is about; samples name a node or an index. */
const ENTITY: Readonly<Record<string, string>> = {job: 'jobId', alert: 'alertId', index: 'index'};

/** `job.progress` of the job a: `job.progress` and `job.a.progress`. */
export function channelsOf({type, data}: StreamEvent): readonly [string, string] {
  const [family, kind] = type.split('.') as [string, string];
  const about = data as unknown as Readonly<Record<string, unknown>>;
  const entity = about[ENTITY[family] ?? ('node' in about ? 'node' : 'index')];
  return [type, `${family}.${String(entity)}.${kind}`];
}

/** Whether a pattern (an exact channel, a prefix ending in `.*`, or `*`) brings what stands on these channels. */
export function matches(pattern: string, channels: readonly string[]): boolean {
  return channels.some((channel) => covers(pattern, channel));
}

/** Whether two patterns may bring the same event; true if in doubt. */
export function overlap(a: string, b: string): boolean {
  return a === '*' || b === '*' || a.split('.')[0] === b.split('.')[0];
}

/** Whether a pattern brings all that a channel or narrower pattern brings. */
export function covers(pattern: string, narrower: string): boolean {
  return (
    pattern === '*' || pattern === narrower ||
    (pattern.endsWith('.*') && narrower.length >= pattern.length && narrower.startsWith(pattern.slice(0, -1)))
  );
}
