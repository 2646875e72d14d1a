"""The scenarios of tests/fold, which the server's fold and the other SDK's follow too."""
import hashlib
import json
import os
import pathlib

import pytest
from conftest import ROOT

from mlgraph import FoldError, StateFold, parse_event

FOLDER = pathlib.Path(os.environ.get("MLG_FOLD_SCENARIOS", ROOT / "tests" / "fold" / "scenarios"))
SCENARIOS = [json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))]
KEYS = {"alerts": "alertId", "indices": "index_id", "jobs": "jobId"}


def canonical(state):
    return json.dumps({section: sorted(state[section], key=lambda one, key=key: one[key]) for section, key in KEYS.items()},
                      sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def expect(fold, step, how):
    if "state" in step:
        assert canonical(fold.to_state()) == canonical(step["state"]), (how, step["event"])
    else:
        assert hashlib.sha256(canonical(fold.to_state()).encode()).hexdigest() == step["digest"], (how, step["event"])


def play(fold, steps, how):
    for step in steps:
        assert fold.apply(parse_event(step["event"])) is True
        expect(fold, step, how)


def state_at(steps, place):
    last = [step["event"]["id"] for step in steps[:place + 1] if "id" in step["event"]][-1]
    return {"type": "state", "timestamp": "", "id": last, "data": {**steps[place]["state"], "metrics": [], "part": 0, "last": True}}


def in_parts(state, size):
    objects = [(section, one) for section in KEYS for one in state["data"][section]]
    pieces = [objects[first:first + size] for first in range(0, len(objects), size)] or [[]]
    return [{**state, "data": {**{section: [one for of, one in piece if of == section] for section in KEYS}, "metrics": [],
                               "part": part, "last": part == len(pieces) - 1}} for part, piece in enumerate(pieces)]


def test_there_are_scenarios():
    assert len(SCENARIOS) > 10


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_from_the_first_event_the_expected_state_at_each_id(scenario):
    play(StateFold(), scenario["steps"], "from the beginning")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_from_a_state_in_the_middle_the_same_from_there_on(scenario):
    steps = scenario["steps"]
    middles = [place for place, step in enumerate(steps) if "state" in step]
    assert len(middles) > 1
    for place in middles:
        state = state_at(steps, place)
        fold = StateFold(state)
        assert fold.id == state["id"]
        expect(fold, steps[place], f"begun at step {place}")
        play(fold, steps[place + 1:], f"begun at step {place}")
        play(StateFold(*reversed(in_parts(state, 7))), steps[place + 1:], f"begun at step {place}, in parts")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_events_that_the_state_holds_already_change_nothing(scenario):
    fold = StateFold()
    for place, step in enumerate(scenario["steps"]):
        fold.apply(parse_event(step["event"]))
        for earlier in scenario["steps"][max(0, place - 20):place + 1]:
            if "id" in earlier["event"]:
                assert fold.apply(parse_event(earlier["event"])) is False
        expect(fold, step, "with the last events again")


@pytest.mark.parametrize("message, reason", [
    ({"type": "job.started", "timestamp": "", "data": {"jobId": "a", "index": None, "state": "running"}, "id": "other-5"}, "other_epoch"),
    ({"type": "job.started", "timestamp": "", "data": {}, "id": "nonsense"}, "not_an_event"),
    ({"type": "job.started", "timestamp": "", "data": {}}, "not_an_event"),
    ({"type": "pong", "timestamp": ""}, "not_an_event"),
    ({"type": "index.shard_transition", "timestamp": "", "id": "e-9",
      "data": {"index": "x", "shard": 0, "node": "n", "to": {}, "vectors": 1}}, "unknown_shard"),
])
def test_what_does_not_continue_it_is_refused_and_changes_nothing(message, reason):
    fold = StateFold({"type": "state", "timestamp": "", "id": "e-3",
                      "data": {"indices": [], "jobs": [], "alerts": [], "metrics": [], "part": 0, "last": True}})
    with pytest.raises(FoldError) as refused:
        fold.apply(parse_event(message))
    assert refused.value.reason == reason and fold.id == "e-3"


def test_a_state_with_a_missing_part_is_none():
    whole = in_parts(state_at(SCENARIOS[0]["steps"], 0), 7)[0]
    with pytest.raises(FoldError) as refused:
        StateFold({**whole, "data": {**whole["data"], "part": 1}})
    assert refused.value.reason == "bad_state"


def test_kinds_of_a_later_server_move_the_place_and_nothing_else():
    fold = StateFold()
    assert fold.apply(parse_event({"type": "index.renamed", "timestamp": "", "data": {"index": "x"}, "id": "e-1"}))
    assert fold.id == "e-1" and not fold.indices
