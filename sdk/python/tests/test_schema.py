"""The hand-kept types are what docs/api describes, and the blocking calls what the generator makes."""
import re
import subprocess
import sys
import types
import typing

import pytest
import yaml
from conftest import HERE, ROOT

import mlgraph
from mlgraph import api, events, jobs, objects

API = yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text())
ASYNC = yaml.safe_load((ROOT / "docs" / "api" / "asyncapi.yaml").read_text())
SCHEMAS = {**ASYNC["components"]["schemas"], **API["components"]["schemas"]}

OURS = {name: name for name in (
    "Shard", "Tiering", "Index", "RowError", "Job", "Alert", "SystemMetrics", "IndexMetrics", "SearchMetrics", "IngestMetrics", "TierCounts",
    "Vector", "VectorPage", "Alias", "AlertRule", "Token", "NewToken", "StateData", "State", "Subscribed", "ShardTransition", "Place")}
OURS |= {"JobError": "JobFailure", "IndexEvent": "IndexEventData", "IndexUpdated": "IndexUpdate", "TieringChange": "TieringChange"}


def described(schema):
    """(all members, required ones, enumerations) of an object's schema."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    members, required = dict(schema.get("properties", {})), set(schema.get("required", []))
    for part in schema.get("allOf", []):
        more, needed = described(part)
        members |= more
        required |= needed
    return members, required


@pytest.mark.parametrize("name", sorted(OURS))
def test_objects_have_the_members_that_are_described(name):
    ours = getattr(objects, OURS[name])
    members, required = described({"$ref": name})
    assert set(typing.get_type_hints(ours)) == set(members)
    assert {member for member in ours.__required_keys__} == required, "NotRequired"


def choices(schema):
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return set(schema["enum"]) if "enum" in schema else {schema["const"]} if "const" in schema else None


@pytest.mark.parametrize("name", sorted(OURS))
def test_words_are_those_that_are_described(name):
    hints = typing.get_type_hints(getattr(objects, OURS[name]))
    for member, schema in described({"$ref": name})[0].items():
        if typing.get_origin(hints[member]) is typing.Literal:
            assert set(typing.get_args(hints[member])) == choices(schema), member


def test_every_event_has_a_class_and_its_data_a_type():
    told = {name: message for name, message in ASYNC["components"]["messages"].items() if "." in name}
    assert events.EVENT_TYPES == set(told)
    for name, message in told.items():
        event = events.parse_event({"type": name, "timestamp": "t", "data": {}, "id": "e-1"})
        hints = typing.get_type_hints(type(event))
        assert name in typing.get_args(hints["type"])
        schema = message["payload"]["properties"]["data"]["$ref"].rpartition("/")[2]
        assert hints["data"] is getattr(objects, OURS[schema]), name
        assert ("id" in message["payload"]["required"]) == (event.id is not None), name


def test_members_of_requests_are_those_that_are_described():
    ours = {"NewIndex": (api.IndexSettings, {"index_id", "dimension"}), "IndexChange": (api.IndexChange, set()),
            "TokenRequest": (api.TokenOptions, {"name", "scopes"}), "TokenChange": (api.TokenChange, set()),
            "AlertRuleChange": (api.AlertRuleChange, {"rule"}),
            "SearchRequest": (api.SearchOptions, {"vector", "vectors", "k", "include"})}
    for name, (type_, given) in ours.items():
        assert set(typing.get_type_hints(type_)) - {"with_values"} == set(described({"$ref": name})[0]) - given, name


def test_every_call_that_answers_once_has_a_method_or_goes_by_request():
    source = (HERE.parent / "src" / "mlgraph" / "api.py").read_text() + (HERE.parent / "src" / "mlgraph" / "jobs.py").read_text()
    called = {re.sub(r"\{\w+\}", "{}", path) for path in re.findall(r'"(/[a-z/{}_-]+)"', source)}
    by_request = {"/cluster", "/sessions", "/metrics/system", "/metrics/index", "/metrics/search", "/metrics/ingest", "/events",
                  "/sign-in-codes", "/sign-in"}  # a browser's
    described_paths = {re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1")) for path in API["paths"] if path.startswith("/api/v1")}
    assert described_paths - called == by_request
    assert isinstance(jobs.AsyncJobApi.request, types.FunctionType)


def test_the_blocking_calls_are_what_the_generator_makes():
    subprocess.run([sys.executable, HERE.parent / "tools" / "make_blocking.py", "--check"], check=True)


def test_exports_are_there_and_have_texts():
    for name in mlgraph.__all__:
        exported = getattr(mlgraph, name)
        if isinstance(exported, type) and not name.endswith("Event"):
            assert exported.__doc__, name
