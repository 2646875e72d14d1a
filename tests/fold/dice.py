"""The scenarios that nobody thought of: drawn by a seed."""
import random

from story import Story, a_template

RANDOM_SEEDS = (3, 6, 9)
RANDOM_STEPS = 220
RANDOM_KINDS = ("anything", "jobs", "names")  # of a seed: what most of its events are about


class Dice:
    """Numbers from a seed; only random(), whose sequence Python promises to keep."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, n):
        return int(self.random() * n)

    def one_of(self, items):
        return items[self.below(len(items))]


def at_random(seed, steps=RANDOM_STEPS):
    """Anything that may come next, drawn by a seed; several events may share one millisecond."""
    kind = RANDOM_KINDS[seed % len(RANDOM_KINDS)]
    story = Story(f"random_{seed}", at_random.__doc__, whole=False)
    dice = Dice(seed)
    made = 0
    checkpoints = [steps // 4, steps // 2, 3 * steps // 4]
    while len(story.steps) < steps:
        story.wait(dice.one_of((0, 0, 1, 40)))
        made += 1
        if kind == "anything" or dice.below(6) == 0:
            random_turn(story, dice, made)
        elif kind == "jobs":
            random_end(story, dice.one_of(("i0", "i1", None)), f"job-{dice.below(100):02d}-{made}")
        elif kind == "names":
            random_name(story, dice, made)
        if checkpoints and len(story.steps) >= checkpoints[0]:
            story.checkpoint()
            del checkpoints[0]
    story.checkpoint()
    return story


def random_end(story, index, job_id):
    """A job of which only the end is seen: hundreds of them are needed to reach a limit."""
    story.tell("job.failed", story.failed(story.new_job(job_id, index, total=None), "cancelled", "cancelled"))


def random_name(story, dice, made):
    """A name of which only a job's end or its deletion is seen."""
    name = f"n{dice.below(250)}"
    if dice.below(3):
        random_end(story, name, f"job-{dice.below(100):02d}-{made}")
    else:
        story.tell_index("index.deleted", {**a_template(), "index_id": name})


def random_turn(story, dice, made):
    state = story.history.state()
    names = [index["index_id"] for index in state["indices"]]
    running = [job for job in state["jobs"] if job["state"] in ("queued", "running")]
    alerts = state["alerts"]
    what = dice.below(16)
    if what == 0 or not names:
        name = f"i{dice.below(6)}"
        if name not in names:
            story.create(name, shards=1 + dice.below(3))
    elif what == 1 and dice.below(3) == 0:
        story.delete(dice.one_of(names))
    elif what in (2, 3):
        index = story.index(dice.one_of(names))
        story.count(index["index_id"], *(dice.below(20_000) for _ in index["shards"]), deleted=dice.below(50))
    elif what in (4, 5):
        index = story.index(dice.one_of(names))
        story.move(index["index_id"], dice.below(len(index["shards"])), dice.one_of(("idmap", "ivf")),
                   dice.one_of(("active", "training", "readonly", "recovering")), "manual", vectors=dice.below(20_000))
    elif what in (6, 7, 8):
        index = dice.one_of((*names, None))
        story.start(f"job-{dice.below(10_000):04d}-{made}", index, state=dice.one_of(("queued", "running")),
                    total=dice.one_of((None, 1_000)))
    elif what in (9, 10) and running:
        job = dice.one_of(running)
        story.progress(job["jobId"], job["processed"] + dice.below(50), rate=dice.below(9_000) / 10)
    elif what in (11, 12) and running:
        story.complete(dice.one_of(running)["jobId"])
    elif what == 13 and running:
        story.fail(dice.one_of(running)["jobId"], "internal", "so the dice say")
    elif what == 14:
        severity = dice.one_of(("warning", "error"))
        fresh = f"alert-{made}"
        alert_id = dice.one_of([fresh, *(alert["alertId"] for alert in alerts)])
        about = {} if alert_id != fresh else {"index": dice.one_of((*names, None))}
        story.raise_to(alert_id, severity, dice.below(1_000) / 1_000, 0.8, **about)
    elif what == 15 and alerts:
        alert_id = dice.one_of(alerts)["alertId"]
        dice.one_of((story.resolve, story.acknowledge))(alert_id)
    elif dice.below(10) == 0:
        story.refuse(f"alert-r{made}", "viewer", 1 + dice.below(100))
