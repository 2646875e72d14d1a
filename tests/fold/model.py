"""The state as docs/protocol.md defines it ("The fold"), found by looking through the whole history each time.

Nothing is carried from one event to the next but the history itself, so this shares no way of going wrong with the two
folds that are measured by it: src/model/fold.cc and sdk/typescript/src/fold.ts, which change a state step by step.
"""
import hashlib
import json

ENDED_JOBS_AN_INDEX = 100
GONE_NAMES_WITH_JOBS = 100


def index_of(event):
    """The index that an `index.*` event is about."""
    return event["data"]["index"]


def has_ended(job):
    return job["state"] in ("completed", "failed")


def end_order(job):
    """Sorts ended jobs, the first to be forgotten in front."""
    return job["finished_at"], job["jobId"]


class History:
    """All that was told up to now, and what follows from it."""

    def __init__(self, events=(), found=None):
        self.events = list(events)
        self.found = {} if found is None else found  # what the past up to a deletion says does not change: read once

    def tell(self, event):
        self.events.append(event)

    def state(self):
        """{indices, jobs, alerts}, each sorted by id: what `state` shows now to who may see everything told here."""
        jobs = self.ended_jobs() + self.running_jobs()
        return {
            "indices": [found for name in self.names() if (found := self.index(name))],
            "jobs": sorted(jobs, key=lambda job: job["jobId"]),
            "alerts": [found for alert_id in self.alert_ids() if (found := self.open_alert(alert_id))],
        }

    def up_to(self, position):
        return History(self.events[:position + 1], self.found)

    # indices ---------------------------------------------------------------------------------------------------------
    def names(self):
        return sorted({index_of(event) for event in self.events if event["type"].startswith("index.")})

    def index(self, name):
        """As its newest whole object says, with each shard as its newest transition since then says; None: not there."""
        about = [e for e in self.events if e["type"].startswith("index.") and index_of(e) == name]
        whole = [position for position, e in enumerate(about) if e["type"] != "index.shard_transition"]
        if not whole or about[whole[-1]]["type"] == "index.deleted":
            return None
        found = {k: v for k, v in about[whole[-1]]["data"].items() if k not in ("index", "changed")}
        newest = {move["data"]["shard"]: move for move in about[whole[-1] + 1:]}
        if newest:
            found["shards"] = [moved(shard, newest.get(shard["shard"])) for shard in found["shards"]]
            found["vectors"] = sum(shard["vectors"] for shard in found["shards"])
        return found

    # jobs ------------------------------------------------------------------------------------------------------------
    def newest_jobs(self):
        """jobId -> its newest object, also if it has been forgotten."""
        return {e["data"]["jobId"]: e["data"] for e in self.events if e["type"].startswith("job.")}

    def running_jobs(self):
        return [job for job in self.newest_jobs().values() if not has_ended(job)]

    def ended_jobs(self):
        """Those not forgotten: per index the last that ended, but for those that went with a name."""
        forgotten = self.gone_with_their_names()
        kept = []
        by_index = {}
        for job in self.newest_jobs().values():
            if has_ended(job):
                by_index.setdefault(job["index"], []).append(job)
        for ended in by_index.values():
            kept += sorted(ended, key=end_order)[-ENDED_JOBS_AN_INDEX:]
        return [job for job in kept if job["jobId"] not in forgotten]

    def gone_with_their_names(self):
        """Ids of the jobs that were forgotten when some index was deleted."""
        deletions = [position for position, e in enumerate(self.events) if e["type"] == "index.deleted"]
        if not deletions:
            return set()
        if deletions[-1] not in self.found:
            before = self.up_to(deletions[-1] - 1).gone_with_their_names()
            self.found[deletions[-1]] = before | self.up_to(deletions[-1]).goes_with_the_last_deletion(before)
        return self.found[deletions[-1]]

    def goes_with_the_last_deletion(self, before):
        """The newest event is a deletion: of the names without an index, only those whose jobs ended last keep them."""
        ended = [job for job in self.newest_jobs().values() if has_ended(job) and job["jobId"] not in before]
        last_end = {}
        for job in ended:
            if job["index"] is not None and not self.index(job["index"]):
                last_end[job["index"]] = max(last_end.get(job["index"], ""), job["finished_at"])
        oldest_first = sorted(last_end, key=lambda name: (last_end[name], name))
        too_many = set(oldest_first[:-GONE_NAMES_WITH_JOBS])
        return {job["jobId"] for job in ended if job["index"] in too_many}

    # alerts ----------------------------------------------------------------------------------------------------------
    def alert_events(self):
        return [e for e in self.events if e["type"].startswith("alert.") and e["type"] != "alert.rate_limit"]

    def alert_ids(self):
        return sorted({e["data"]["alertId"] for e in self.alert_events()})

    def open_alert(self, alert_id):
        newest = [e["data"] for e in self.alert_events() if e["data"]["alertId"] == alert_id][-1]
        return newest if newest["state"] == "open" else None


def moved(shard, move):
    if move is None:
        return shard
    told = move["data"]
    return {**shard, **told["to"], "node": told["node"], "vectors": told["vectors"], "since": move["timestamp"]}


def canonical(state):
    """Equal text, equal state: JSON without spaces, members sorted, objects sorted by their ids."""
    by_id = {
        "indices": sorted(state["indices"], key=lambda index: index["index_id"]),
        "jobs": sorted(state["jobs"], key=lambda job: job["jobId"]),
        "alerts": sorted(state["alerts"], key=lambda alert: alert["alertId"]),
    }
    return json.dumps(by_id, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(state):
    return hashlib.sha256(canonical(state).encode()).hexdigest()
