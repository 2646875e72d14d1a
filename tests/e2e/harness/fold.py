"""The state as a fold of events, written from docs/protocol.md alone: what a client does that keeps its own picture."""

ENDED_JOBS_PER_INDEX = 100
GONE_NAMES_WITH_JOBS = 100


def has_ended(job):
    return job["state"] in ("completed", "failed")


class Fold:
    def __init__(self, state=None):
        """state  the `data` of a whole `state` message (or its sections); None: before the first event."""
        self.indices, self.jobs, self.alerts = {}, {}, {}
        if state:
            self.indices = {i["index_id"]: i for i in state["indices"]}
            self.jobs = {j["jobId"]: j for j in state["jobs"]}
            self.alerts = {a["alertId"]: a for a in state["alerts"]}

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
            self.indices[data["index"]] = {k: v for k, v in data.items() if k not in ("index", "changed")}
        elif kind == "deleted":
            self._delete(data["index"])
        elif kind == "shard_transition":
            self._move(data, event["timestamp"])

    def _ended_of(self, index):
        """The first to be forgotten in front."""
        ended = [j for j in self.jobs.values() if j["index"] == index and has_ended(j)]
        return sorted(ended, key=lambda j: (j["finished_at"], j["jobId"]))

    def _job(self, job):
        self.jobs[job["jobId"]] = job
        for old in self._ended_of(job["index"])[:-ENDED_JOBS_PER_INDEX]:
            del self.jobs[old["jobId"]]

    def _delete(self, name):
        self.indices.pop(name, None)
        newest = {}
        for job in self.jobs.values():
            if job["index"] is not None and job["index"] not in self.indices and has_ended(job):
                newest[job["index"]] = max(newest.get(job["index"], ""), job["finished_at"])
        for gone in sorted(newest, key=lambda n: (newest[n], n))[:-GONE_NAMES_WITH_JOBS]:
            for job in self._ended_of(gone):
                del self.jobs[job["jobId"]]

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
