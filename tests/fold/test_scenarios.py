"""The committed scenarios are what the generator makes, and what they tell is what the documents describe."""
import json
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from harness import schemas  # noqa: E402
from make_scenarios import all_stories  # noqa: E402
from model import History, digest  # noqa: E402

STORIES = {story.name: story for story in all_stories()}
EVERYTHING = {f"{family}.{kind}" for family, kinds in {
    "job": ("started", "progress", "completed", "failed"),
    "index": ("created", "updated", "deleted", "shard_transition"),
    "alert": ("warning", "error", "resolved", "rate_limit"),
}.items() for kind in kinds}


def files():
    return sorted((HERE / "scenarios").glob("*.json"))


def test_every_story_has_its_file():
    assert [file.stem for file in files()] == sorted(STORIES)


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_committed_file_is_what_the_generator_makes(file):
    assert file.read_text(encoding="utf-8") == STORIES[file.stem].text(), "run tests/fold/make_scenarios.py"
    assert file.stat().st_size < 200 * 1024


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_events_and_states_are_as_documented(file):
    scenario = json.loads(file.read_text(encoding="utf-8"))
    history = History()
    for step in scenario["steps"]:
        event = step["event"]
        schemas.check_message(event, json.dumps(event))
        if "id" in event:
            history.tell(event)
        if "state" in step:
            data = {**step["state"], "metrics": [], "part": 0, "last": True}
            state = {"type": "state", "timestamp": event["timestamp"], "data": data, "id": history.events[-1]["id"]}
            schemas.check_message(state, json.dumps(state))
            assert step.get("digest", digest(step["state"])) == digest(step["state"])
        assert "state" in step or "digest" in step


def test_all_durable_kinds_are_told():
    told = {step["event"]["type"] for story in STORIES.values() for step in story.steps}
    assert EVERYTHING <= told
