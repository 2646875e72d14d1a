"""A story told in events: each verb appends whole wire messages, and after each the model says what the state is."""
import copy
import datetime
import functools
import json

from model import History, digest, has_ended

BEGIN_MS = 1_734_863_400_000  # 2024-12-22T10:30:00Z
TIERING = {"idmap_to_ivf": 10_000, "ivf_to_ondisk": 1_000_000, "merge": 10_000_000, "compaction_percent": 20}


def timestamp(ms):
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def number(value):
    """As the server writes it: a whole number without a point."""
    return int(value) if float(value).is_integer() else value


class Story:
    """
    whole   every step has the state; else a digest, and the state only where `checkpoint()` asks for it
    """

    def __init__(self, name, why, whole=True):
        self.name, self.why, self.whole = name, why, whole
        self.epoch = f"{name.replace('_', '')}0"[:32]
        self.seq = 0
        self.now_ms = BEGIN_MS
        self.history = History()
        self.steps = []

    # telling ---------------------------------------------------------------------------------------------------------
    def wait(self, ms):
        self.now_ms += ms

    def skip(self, events=1):
        """Events that this session does not see, by its patterns or scopes."""
        self.seq += events

    def now(self):
        return timestamp(self.now_ms)

    def tell(self, kind, data):
        self.seq += 1
        event = {"type": kind, "timestamp": self.now(), "data": copy.deepcopy(data), "id": f"{self.epoch}-{self.seq}"}
        self.history.tell(event)
        state = self.history.state()
        self.steps.append({"event": event, "state": state} if self.whole else {"event": event, "digest": digest(state)})

    def sample(self, kind, data):
        """metrics.*: beside the log, so it has no id and changes nothing."""
        event = {"type": kind, "timestamp": self.now(), "data": data}
        self.steps.append({**self.steps[-1], "event": event})

    def checkpoint(self):
        self.steps[-1]["state"] = self.history.state()

    def text(self):
        """The file: one step a line."""
        def compact(value):
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        head = "".join(f"{compact(k)}:{compact(v)},\n" for k, v in
                       {"name": self.name, "why": self.why, "epoch": self.epoch}.items())
        return "{" + head + '"steps":[\n' + ",\n".join(compact(step) for step in self.steps) + "\n]}\n"

    # indices ---------------------------------------------------------------------------------------------------------
    def index(self, name):
        return copy.deepcopy(self.history.index(name))

    def tell_index(self, kind, index, **more):
        self.tell(kind, {**index, "index": index["index_id"], **more})

    def create(self, name, shards=1, **members):
        index = {
            "index_id": name, "dimension": 4, "metric_type": "L2", "index_type": "auto", "num_shards": shards,
            "num_centroids": 0, "quantization": "none", "nprobe": 0, "tiering": dict(TIERING),
            "vectors": 0, "deleted": 0, "bytes": 0, "created_at": self.now(),
            "shards": [{"shard": shard, "node": "n1", "tier": "idmap", "state": "active", "vectors": 0, "bytes": 0,
                        "since": self.now()} for shard in range(shards)],
        }
        self.tell_index("index.created", {**index, **members})

    def change(self, name, **members):
        self.tell_index("index.updated", {**self.index(name), **members}, changed=list(members))

    def count(self, name, *vectors, deleted=0):
        """Written to: so many live vectors in each shard."""
        index = self.index(name)
        for shard, live in zip(index["shards"], vectors, strict=True):
            shard.update(vectors=live, bytes=live * index["dimension"] * 4)
        index.update(vectors=sum(vectors), deleted=deleted, bytes=sum(shard["bytes"] for shard in index["shards"]))
        self.tell_index("index.updated", index, changed=["vectors"])

    def move(self, name, shard, tier, state, reason, vectors=None, duration_ms=0, job=None, node=None):
        now = self.index(name)["shards"][shard]
        data = {
            "index": name, "shard": shard, "node": node or now["node"],
            "from": {"tier": now["tier"], "state": now["state"]}, "to": {"tier": tier, "state": state},
            "reason": reason, "vectors": now["vectors"] if vectors is None else vectors, "duration_ms": duration_ms,
        }
        self.tell("index.shard_transition", {**data, "jobId": job} if job else data)

    def delete(self, name):
        """As the server does it: first the index's jobs end and its alerts resolve."""
        for job in self.history.state()["jobs"]:
            if job["index"] == name and not has_ended(job):
                self.fail(job["jobId"], "cancelled", "the job was cancelled")
        for alert in self.history.state()["alerts"]:
            if alert.get("index") == name:
                self.resolve(alert["alertId"])
        self.tell_index("index.deleted", self.index(name))

    # jobs ------------------------------------------------------------------------------------------------------------
    def job(self, job_id):
        return copy.deepcopy(self.history.newest_jobs()[job_id])

    def new_job(self, job_id, index, kind="import", state="running", total=1_000):
        return {
            "jobId": job_id, "jobType": kind, "progress": None if total is None else 0, "processed": 0, "total": total,
            "rate": 0, "eta_seconds": None, "index": index, "phase": "reading", "state": state, "failed": 0,
            "errors": [], "started_at": self.now(), "finished_at": None, "error": None,
        }

    def start(self, job_id, index, **members):
        self.tell("job.started", self.new_job(job_id, index, **members))

    def progress(self, job_id, processed, rate=250.5, **members):
        job = self.job(job_id)
        job.update(state="running", phase="writing", processed=processed, rate=number(rate))
        if job["total"]:
            job.update(progress=number(round(processed / job["total"], 4)),
                       eta_seconds=number(round((job["total"] - processed) / rate, 1)) if rate else None)
        self.tell("job.progress", {**job, **members})

    def complete(self, job_id):
        job = self.job(job_id)
        total = job["total"] or job["processed"]
        job.update(state="running", progress=1, processed=total, total=total, eta_seconds=0)
        self.tell("job.progress", job)
        self.tell("job.completed", {**job, "state": "completed", "phase": "done", "finished_at": self.now()})

    def fail(self, job_id, code, message):
        self.tell("job.failed", self.failed(self.job(job_id), code, message))

    def failed(self, job, code, message):
        return {**job, "state": "failed", "rate": 0, "eta_seconds": None, "finished_at": self.now(),
                "error": {"code": code, "message": message}}

    # alerts ----------------------------------------------------------------------------------------------------------
    def alert(self, alert_id):
        return copy.deepcopy(self.history.open_alert(alert_id))

    def new_alert(self, alert_id, rule="memory", title="High memory usage", index=None):
        alert = {"alertId": alert_id, "severity": "warning", "title": title, "message": "", "metadata": {},
                 "rule": rule, "since": self.now(), "state": "open"}
        return {**alert, "index": index} if index else alert

    def raise_to(self, alert_id, severity, value, threshold, **about):
        open_now = alert_id in self.history.alert_ids() and self.alert(alert_id)
        alert = open_now or self.new_alert(alert_id, **about)
        alert.update(severity=severity, message=f"Node n1 memory at {round(value * 100)}%",
                     metadata={"node": "n1", "value": number(value), "threshold": number(threshold)})
        self.tell(f"alert.{severity}", alert)

    def acknowledge(self, alert_id):
        alert = self.alert(alert_id)
        self.tell(f"alert.{alert['severity']}", {**alert, "acknowledged_at": self.now()})

    def resolve(self, alert_id):
        self.tell("alert.resolved", {**self.alert(alert_id), "severity": "resolved", "state": "resolved"})

    def refuse(self, alert_id, token, rejected):
        alert = self.new_alert(alert_id, rule="rate_limit", title="Rate limit exceeded")
        alert.update(severity="rate_limit", state="resolved",
                     message=f"Token {token} had {rejected} requests refused, the limit is 100 per 60 s",
                     metadata={"token": token, "limit": 100, "window_seconds": 60, "rejected": rejected,
                               "retry_after_seconds": 12})
        self.tell("alert.rate_limit", alert)


@functools.cache
def a_template():
    """An index object of which only the name is to be set."""
    story = Story("template", "")
    story.create("template")
    return story.index("template")
