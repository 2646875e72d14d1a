// Objects and events for tests that bring their own.
import type {Alert, Index, Job, MetricsEvent} from '@mlgraph/client';

export const AT = '2024-12-22T10:30:00.000Z';

export function anIndex(name: string, vectors = 0): Index {
  return {
    index_id: name, dimension: 4, metric_type: 'L2', index_type: 'auto', num_shards: 2, num_centroids: 0, quantization: 'none',
    nprobe: 0, tiering: {idmap_to_ivf: 1, ivf_to_ondisk: 2, merge: 3, compaction_percent: 20}, vectors, deleted: 0, bytes: 0,
    created_at: AT,
    shards: [0, 1].map((shard) => ({shard, node: 'n1', tier: 'idmap', state: 'active', vectors: 0, bytes: 0, since: AT})),
  };
}

export function aJob(jobId: string, state: Job['state'], index: string | null = null): Job {
  return {
    jobId, jobType: 'import', progress: 0.5, processed: 1, total: 2, rate: 1, eta_seconds: 1, index, phase: 'rows', state, failed: 0,
    errors: [], started_at: AT, finished_at: state === 'completed' || state === 'failed' ? AT : null, error: null,
  };
}

export function anAlert(alertId: string, state: Alert['state']): Alert {
  return {
    alertId, severity: state === 'open' ? 'warning' : 'resolved', title: 'High memory usage', message: 'Node n1 memory at 85%',
    metadata: {node: 'n1', value: 0.85, threshold: 0.8}, rule: 'memory', since: AT, state,
  };
}

export function aSample(qps: number): MetricsEvent {
  return {
    type: 'metrics.system', timestamp: AT,
    data: {
      node: 'n1', qps, latency_p50_ms: 0, latency_p99_ms: 0, active_connections: 1, memory_used_gb: 1, cpu_percent: 1, memory_limit_gb: 2,
      disk_used_gb: 1, uptime_seconds: 1, events_per_second: 0,
    },
  };
}
