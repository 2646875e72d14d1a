"""The state as a fold of events, written from docs/protocol.md alone: what a client does that keeps its own picture."""

ENDED_JOBS_PER_INDEX = 100
DELETED_INDICES_WITH_JOBS = 100


class Fold:
    def __init__(self, state=None):
        """state  the `data` of a whole `state` message (or its sections); None: before the first event."""
        self.indices, self.jobs, self.alerts = {}, {}, {}
        self._ended, self._deleted = {}, []
        if state:
            self.indices = {i["index_id"]: i for i in state["indices"]}
            self.alerts = {a["alertId"]: a for a in state["alerts"]}
            for job in sorted(state["jobs"], key=lambda j: (j["finished_at"] or "", j["jobId"])):
                self._job(job)

    def apply(self, event):
        data = event["data"]
        family, _, kind = event["type"].partition(".")
        if family == "job":
            self._job(data)
        elif family == "alert" and kind != "rate_limit":
            if data["state"] == "open":
                self.alerts[data["alertId"]] = data
            else:
                self.alerts.pop(data["alertId"], None)
        elif kind in ("created", "updated"):
            if data["index"] in self._deleted:
                self._deleted.remove(data["index"])
            self.indices[data["index"]] = {k: v for k, v in data.items() if k not in ("index", "changed")}
        elif kind == "deleted":
            self._delete(data["index"])
        elif kind == "shard_transition":
            self._move(data, event["timestamp"])

    def _job(self, job):
        ended = self._ended.setdefault(job["index"], [])
        newly = job["state"] in ("completed", "failed") and job["jobId"] not in ended
        self.jobs[job["jobId"]] = job
        if newly:
            ended.append(job["jobId"])
            while len(ended) > ENDED_JOBS_PER_INDEX:
                del self.jobs[ended.pop(0)]

    def _delete(self, name):
        self.indices.pop(name, None)
        if not self._ended.get(name):
            return
        self._deleted.append(name)
        while len(self._deleted) > DELETED_INDICES_WITH_JOBS:
            for job in self._ended.pop(self._deleted.pop(0)):
                del self.jobs[job]

    def _move(self, move, timestamp):
        index = self.indices[move["index"]]
        shards = [{**s, "tier": move["to"]["tier"], "state": move["to"]["state"], "node": move["node"], "vectors": move["vectors"],
                   "since": timestamp} if s["shard"] == move["shard"] else s for s in index["shards"]]
        self.indices[move["index"]] = {**index, "shards": shards, "vectors": sum(s["vectors"] for s in shards)}

    def check_equals(self, state, who):
        """`state`: the sections of a state at the id where this fold stands."""
        for section, mine, key in (("indices", self.indices, "index_id"), ("jobs", self.jobs, "jobId"), ("alerts", self.alerts, "alertId")):
            fresh = {o[key]: o for o in state[section]}
            for name in sorted(mine.keys() | fresh.keys()):
                assert mine.get(name) == fresh.get(name), \
                    f"{who}: {section} {name}:\n folded {mine.get(name)}\n fresh  {fresh.get(name)}"
