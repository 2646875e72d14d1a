"""The scenarios that were thought of: one function each, its doc string the reason."""
from story import Story, a_template


def index_life(story):
    """An index is created, its settings change, it is written to, it is deleted; the other one stays as it is."""
    story.create("docs")
    story.wait(40)
    story.create("images", shards=2, dimension=512, metric_type="COSINE")
    story.wait(1_000)
    story.change("docs", nprobe=16)
    story.change("docs", tiering={"idmap_to_ivf": 500, "ivf_to_ondisk": 2_000_000, "merge": 30_000_000, "compaction_percent": 35})
    story.count("docs", 778)
    story.wait(1_000)
    story.count("images", 310, 290)
    story.count("docs", 700, deleted=78)
    story.delete("docs")
    story.count("images", 311, 290)
    story.delete("images")


def shard_moves(story):
    """Shards go from idmap over training to ivf, become readonly and come back; vectors of the index is their sum."""
    story.create("docs", shards=3)
    story.count("docs", 9_000, 10_050, 9_800)
    story.start("train-a", "docs", kind="train", total=None)
    story.move("docs", 1, "idmap", "training", "threshold_reached", job="train-a")
    story.wait(150)
    story.move("docs", 1, "ivf", "active", "threshold_reached", vectors=10_120, duration_ms=150, job="train-a")
    story.complete("train-a")
    story.wait(300)
    story.count("docs", 9_100, 10_130, 9_900)  # a whole object: it stands over the transitions before it
    for shard in range(3):
        story.move("docs", shard, ["idmap", "ivf", "idmap"][shard], "readonly", "disk_guard")
    story.wait(60_000)
    for shard in (2, 0, 1):
        story.move("docs", shard, ["idmap", "ivf", "idmap"][shard], "active", "guard_cleared")
    story.change("docs", nprobe=8)
    story.move("docs", 0, "idmap", "training", "manual", job="train-b")
    story.move("docs", 0, "idmap", "active", "manual", duration_ms=20, job="train-b")  # the training was given up
    story.wait(5_000)
    for shard in range(3):  # a restart
        story.move("docs", shard, ["idmap", "ivf", "idmap"][shard], "recovering", "restart")
    story.move("docs", 1, "ivf", "dead", "load_failed", vectors=0)
    story.move("docs", 0, "idmap", "active", "restart", vectors=9_099)
    story.move("docs", 2, "idmap", "active", "restart", node="n2")
    story.delete("docs")


def job_life(story):
    """Jobs wait, run, complete, fail, are cancelled; rows that were refused are counted; one is about no index."""
    story.create("docs")
    story.start("import-one", "docs")
    story.start("import-two", "docs", state="queued", total=None)
    story.wait(334)
    story.progress("import-one", 250)
    story.wait(334)
    story.progress("import-one", 333, rate=249.7, failed=1, errors=[{"row": 17, "message": "values[3] is no number: \"ünïcode\"\n"}])
    story.start("snapshot-all", None, kind="snapshot", total=None)
    story.complete("import-one")
    story.progress("import-two", 12, rate=0)
    story.wait(334)
    story.fail("import-two", "bad_request", "the file ends in row 12")
    story.progress("snapshot-all", 4_096, phase="copying")
    story.start("export-it", "docs", kind="export", state="queued")
    story.fail("export-it", "cancelled", "the job was cancelled")
    story.complete("snapshot-all")
    story.start("train-last", "docs", kind="train", total=100)
    story.fail("train-last", "interrupted", "the server was restarted")


def ended_jobs_limit(story):
    """Of an index's ended jobs the last 100 stay. Of those that ended in one millisecond the lesser id goes first; running
    ones are not counted; each index, and no index, counts for itself."""
    story.create("docs")
    story.start("slow", "docs")  # the first to start and the last to end
    story.start("other-1", "images")
    story.complete("other-1")
    story.start("nobodys-1", None, kind="snapshot")
    story.complete("nobodys-1")
    for job in "fbdaec":  # all at once, in an order that is not their ids'
        story.tell("job.started", story.new_job(f"job-{job}", "docs"))
    for job in "fbdaec":
        story.fail(f"job-{job}", "cancelled", "the job was cancelled")
    story.checkpoint()
    for number in range(99):
        story.wait(10)
        story.start(f"job-{(number * 37) % 99:02d}", "docs")
        story.fail(f"job-{(number * 37) % 99:02d}", "bad_request", "no rows")
        if number == 95:
            story.checkpoint()
    story.wait(10)
    story.complete("slow")
    story.checkpoint()
    story.start("other-2", "images")
    story.complete("other-2")


def jobs_of_a_deleted_index(story):
    """An index's jobs end before it goes and stay to be looked at; a new index of the name has them beside its own."""
    story.create("docs")
    story.start("import-1", "docs")
    story.complete("import-1")
    story.start("import-2", "docs")
    story.progress("import-2", 10)
    story.delete("docs")
    story.wait(2_000)
    story.create("docs", shards=2)
    story.start("import-3", "docs")
    story.delete("docs")
    story.create("never-worked-on")
    story.delete("never-worked-on")


def many_deleted_names(story):
    """Of names without an index only the 100 whose jobs ended last keep their jobs. A session that sees `job.failed`,
    `index.deleted`, and all of one index that stays. What counts is when the jobs ended, not when the names were deleted."""
    story.create("stays")
    story.start("stays-1", "stays")
    story.complete("stays-1")
    for number in range(104):
        name = f"name-{(number * 61) % 104:03d}"
        story.skip(2)
        story.wait(5)
        jobs = [story.failed(story.new_job(f"{name}-{n}", name, total=None), "cancelled", "cancelled") for n in range(1 + (number % 8 == 0))]
        for job in jobs:
            story.tell("job.failed", job)
        if number % 8 == 7:  # deleted in another order than their jobs ended
            for earlier in range(number, number - 8, -1):
                story.tell_index("index.deleted", {**a_template(), "index_id": f"name-{(earlier * 61) % 104:03d}"})
        if number == 95:
            story.checkpoint()
    story.skip()
    story.tell_index("index.deleted", {**a_template(), "index_id": "name-000"})  # made again, and gone without another job
    story.checkpoint()


def alert_life(story):
    """An alert goes from warning to error and back under one id and is acknowledged on the way; resolved, it is gone."""
    story.raise_to("alert-mem", "warning", 0.85, 0.8)
    story.wait(30_000)
    story.raise_to("alert-mem", "error", 0.93, 0.9)
    story.wait(500)
    story.acknowledge("alert-mem")
    story.wait(10_000)
    story.raise_to("alert-mem", "warning", 0.84, 0.8)
    story.raise_to("alert-disk", "error", 0.95, 0.9, rule="disk", title="High disk usage")
    story.wait(1)
    story.resolve("alert-mem")
    story.wait(1)
    story.resolve("alert-disk")
    story.wait(1)
    story.raise_to("alert-mem2", "error", 1, 0.9)
    story.resolve("alert-mem2")


def momentary_alerts(story):
    """alert.rate_limit is told and never open, also while others are; an index's alerts resolve before it goes."""
    story.refuse("alert-r1", "viewer", 3)
    story.create("docs")
    story.raise_to("alert-slow", "warning", 0.5, 0.25, rule="slow", title="Slow “searches” – ‘docs’\u2028", index="docs")
    story.wait(60_000)
    story.refuse("alert-r2", "unauthenticated", 12_345)
    story.raise_to("alert-slow", "error", 1.5, 1, index="docs")
    story.raise_to("alert-mem", "warning", 0.81, 0.8)
    story.delete("docs")
    story.refuse("alert-r3", "viewer", 1)


def name_made_again(story):
    """A name is deleted and made again, another index each time; nothing of the former one shows."""
    for turn, shards in enumerate((2, 1, 3)):
        story.create("docs", shards=shards, dimension=4 << turn, metric_type=("L2", "IP", "COSINE")[turn])
        story.count("docs", *range(100, 100 + shards))
        story.move("docs", shards - 1, "idmap", "training", "manual")
        if turn < 2:
            story.delete("docs")
        story.wait(7)


def what_one_session_sees(story):
    """Ids rise with holes where patterns, scopes or superseded progress leave events out; samples come between and
    change nothing."""
    story.skip(41)
    story.create("docs")
    story.sample("metrics.index", {"index": "docs", "vectors": 0, "deleted": 0, "bytes": 0, "shards": 1,
                                   "tiers": {"idmap": 1, "ivf": 0, "ondisk": 0, "merged": 0}, "unindexed": 0})
    story.start("import-a", "docs")
    for processed in (100, 400, 900):
        story.skip(3)
        story.wait(1_000)
        story.progress("import-a", processed)
        story.sample("metrics.ingest", {"index": "docs", "rate": 250.5, "bytes_per_second": 4_008, "pending": 0, "failed": 0})
    story.skip(1_000_000)
    story.complete("import-a")
    story.sample("metrics.search", {"index": "docs", "qps": 3, "latency_p50_ms": 0.25, "latency_p99_ms": 1.75,
                                    "errors_per_second": 0, "vectors_scanned": 2_334})
    story.skip(5)
    story.delete("docs")


def interleaved(story):
    """Several indices, jobs and alerts at once: each event changes what it is about and nothing else."""
    names = ("a", "b", "c")
    for name in names:
        story.create(name, shards=2)
        story.start(f"import-{name}", name)
        story.start(f"train-{name}", name, kind="train", state="queued", total=None)
    story.raise_to("alert-b", "warning", 0.3, 0.25, index="b")
    for turn in range(3):
        for name in names:
            story.wait(100)
            story.progress(f"import-{name}", 100 * (turn + 1))
            story.count(name, 100 * (turn + 1), 7 * turn)
            if turn == 1:
                story.move(name, 0, "idmap", "training", "manual", job=f"train-{name}")
    story.raise_to("alert-mem", "error", 0.91, 0.9)
    story.complete("import-b")
    story.delete("a")
    story.move("b", 0, "ivf", "active", "manual", vectors=301, duration_ms=300, job="train-b")
    story.complete("train-b")
    story.delete("b")
    story.move("c", 0, "ivf", "active", "manual", vectors=302, duration_ms=400, job="train-c")
    story.resolve("alert-mem")


PLOTS = (index_life, shard_moves, job_life, ended_jobs_limit, jobs_of_a_deleted_index, many_deleted_names, alert_life,
         momentary_alerts, name_made_again, what_one_session_sees, interleaved)
WHOLE = {index_life, shard_moves, job_life, jobs_of_a_deleted_index, alert_life, momentary_alerts, name_made_again,
         what_one_session_sees, interleaved}
