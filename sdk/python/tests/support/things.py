"""Objects and events for tests that bring their own."""
AT = "2024-12-22T10:30:00.000Z"


def an_index(name, vectors=0):
    return {"index_id": name, "dimension": 4, "metric_type": "L2", "index_type": "auto", "num_shards": 2, "num_centroids": 0,
            "quantization": "none", "nprobe": 0, "tiering": {"idmap_to_ivf": 1, "ivf_to_ondisk": 2, "merge": 3, "compaction_percent": 20},
            "vectors": vectors, "deleted": 0, "bytes": 0, "created_at": AT,
            "shards": [{"shard": shard, "node": "n1", "tier": "idmap", "state": "active", "vectors": 0, "bytes": 0, "since": AT}
                       for shard in (0, 1)]}


def a_job(job_id, state="running", index=None):
    return {"jobId": job_id, "jobType": "import", "progress": 0.5, "processed": 1, "total": 2, "rate": 1, "eta_seconds": 1, "index": index,
            "phase": "rows", "state": state, "failed": 0, "errors": [], "started_at": AT,
            "finished_at": AT if state in ("completed", "failed") else None, "error": None}


def an_alert(alert_id, state="open"):
    return {"alertId": alert_id, "severity": "warning" if state == "open" else "resolved", "title": "High memory usage", "message": "85%",
            "metadata": {"node": "n1"}, "rule": "memory", "since": AT, "state": state}


def a_sample(qps):
    return {"node": "n1", "qps": qps, "latency_p50_ms": 0, "latency_p99_ms": 0, "active_connections": 1, "memory_used_gb": 1,
            "cpu_percent": 1, "memory_limit_gb": 2, "disk_used_gb": 1, "uptime_seconds": 1, "events_per_second": 0}
