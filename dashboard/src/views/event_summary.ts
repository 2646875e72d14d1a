// An event in half a line.
import type {StreamEvent} from '@mlgraph/client';
import {bytes, count, milliseconds, percent, short} from '../format.js';

export function summaryOf(event: StreamEvent): string {
  switch (event.type) {
    case 'job.started':
    case 'job.progress':
    case 'job.completed':
    case 'job.failed': {
      const {jobId, index, progress, processed, error} = event.data;
      const where = `${jobId}${index === null ? '' : ` on ${index}`}`;
      if (error) return `${where}: ${error.message}`;
      return `${where}: ${event.type === 'job.progress' && progress !== null ? percent(progress) : `${count(processed)} done`}`;
    }
    case 'index.shard_transition': {
      const {index, shard, from, to, reason} = event.data;
      return `${index} shard ${shard}: ${from.tier}/${from.state} → ${to.tier}/${to.state}, ${reason.replaceAll('_', ' ')}`;
    }
    case 'index.created':
    case 'index.deleted':
      return `${event.data.index}: ${count(event.data.vectors)} vectors`;
    case 'index.updated':
      return `${event.data.index}: ${event.data.changed.join(', ')}; ${count(event.data.vectors)} vectors`;
    case 'alert.warning':
    case 'alert.error':
    case 'alert.resolved':
    case 'alert.rate_limit':
      return event.data.message;
    case 'metrics.system':
      return `${event.data.node}: ${short(event.data.qps)} searches/s, p99 ${milliseconds(event.data.latency_p99_ms)}, ${bytes(event.data.memory_used_gb * 1e9)}`;
    case 'metrics.search':
      return `${event.data.index}: ${short(event.data.qps)} searches/s, p99 ${milliseconds(event.data.latency_p99_ms)}`;
    case 'metrics.ingest':
      return `${event.data.index}: ${short(event.data.rate)} rows/s, ${count(event.data.pending)} pending`;
    case 'metrics.index':
      return `${event.data.index}: ${count(event.data.vectors)} vectors, ${bytes(event.data.bytes)}`;
    default:
      return ''; // of a later server
  }
}
