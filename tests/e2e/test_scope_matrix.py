"""H24: whoever subscribes wider than the grant gets the intersection, on every path: live, replayed, in state, over Server-Sent Events, in lists.

One story is told once; for each set of scopes each path must show exactly what an oracle of the scopes leaves of what an admin saw.
"""
import pytest
from harness import EventStream, Server, fill, rows
from harness.ledger import channels_of, number

SHOWN, OTHER, HIDDEN = "shown-one", "shown-two", "hidden-one"
CASES = {
    "a family": ["events:job.*", "read:*"],
    "a kind": ["events:index.created", "read:*"],
    "an entity": [f"events:index.{SHOWN}.*", "read:*"],
    "an entity prefix": ["events:index.shown-*.*", "read:*"],
    "one index": ["events:*", f"read:{SHOWN}"],
    "an index prefix": ["events:*", "read:shown-*"],
    "no index": ["events:*"],
    "alerts of no index": ["events:alert.*"],
    "two families of one index": ["events:job.*", "events:alert.*", f"read:{HIDDEN}"],
    "search implies read": ["events:index.*", f"search:{SHOWN}"],
    "everything": ["admin"],
}
KINDS = {"index": ("created", "updated", "deleted", "shard_transition"), "job": ("started", "progress", "completed", "failed"),
         "alert": ("warning", "error", "resolved", "rate_limit")}


# the oracle -----------------------------------------------------------------------------------------------------------
def covers(pattern, channel):
    wanted, tokens = pattern.split("."), channel.split(".")
    for place, want in enumerate(wanted):
        if want == "*" and place == len(wanted) - 1:
            return len(tokens) > place
        if place >= len(tokens):
            return False
        if want != tokens[place] and not (want.endswith("*") and tokens[place].startswith(want[:-1])):
            return False
    return len(wanted) == len(tokens)


def may_read(scopes, index):
    given = [scope.partition(":")[2] for scope in scopes if scope.partition(":")[0] in ("read", "write", "search")]
    return index is None or any(covers(pattern, index) for pattern in given)


def is_allowed(scopes, message):
    if "admin" in scopes:
        return True
    events = [scope.partition(":")[2] for scope in scopes if scope.startswith("events:")]
    covered = any(covers(pattern, channel) for pattern in events for channel in channels_of(message))
    return covered and may_read(scopes, message["data"].get("index"))


def is_shown(scopes, family, thing):
    """Whether a state shows an object: where an event of any kind about it would be."""
    data = {**thing, "index": thing["index_id"]} if family == "index" else thing
    return any(is_allowed(scopes, {"type": f"{family}.{kind}", "data": data}) for kind in KINDS[family])


# the story ------------------------------------------------------------------------------------------------------------
def tell_the_story(server):
    rest = server.rest()
    watcher = server.socket()
    watcher.subscribe("alert.*")
    counts = server.socket()
    counts.subscribe("index.updated")
    for name in (SHOWN, OTHER, HIDDEN):
        assert rest.post("/indices", {"index_id": name, "dimension": 4}).status == 201
        fill(rest, name, rows(16, 4))
        counts.expect("index.updated", lambda m, name=name: m["data"]["index"] == name and m["data"]["vectors"] == 16)
        assert rest.patch(f"/indices/{name}", {"tiering": {"merge": 20_000_000}}).status == 200
        rest.ended(rest.post(f"/indices/{name}/train").json["jobId"])
    rule = next(r for r in rest.get("/alert-rules").json["rules"] if r["metric"] == "job_failed")
    rest.put(f"/alert-rules/{rule['rule']}", {**rule, "for_seconds": 0, "enabled": True})
    for name in (SHOWN, HIDDEN):
        broken = rest.raw("POST", f"/api/v1/indices/{name}/import", body=b"\x93NUMPY broken", headers={"Content-Type": "application/x-npy"})
        assert broken.status == 400, broken
        watcher.expect("alert.warning", lambda m, name=name: m["data"].get("index") == name)
    memory = next(r for r in rest.get("/alert-rules").json["rules"] if r["metric"] == "memory_fraction")
    rest.put(f"/alert-rules/{memory['rule']}", {**memory, "for_seconds": 0, "warn": 1e-6, "clear": 5e-7, "error": 0.999})
    watcher.expect("alert.warning", lambda m: m["data"]["rule"] == memory["rule"])
    assert rest.delete(f"/indices/{OTHER}").status == 204
    for socket in (watcher, counts):
        socket.close()


def durable(messages):
    return [m for m in messages if m["type"].partition(".")[0] in KINDS]


def read_stream(stream, until):
    seen = []
    while not stream.last_event_id or number(stream.last_event_id) < until:
        message = stream.next(timeout=30)
        if message["type"] != "error":
            seen.append(message)
    return seen


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """case -> path -> what it showed; "admin" -> "live" is everything."""
    with Server(tmp_path_factory.mktemp("matrix")) as server:
        rest = server.rest()
        tokens = {case: server.admin_token if scopes == ["admin"] else
                  rest.post("/tokens", {"name": f"case-{n}", "scopes": scopes}).json["token"] for n, (case, scopes) in enumerate(CASES.items())}
        begin = server.rest().get("/state").json["id"]
        sockets = {case: server.socket(token=token) for case, token in tokens.items()}
        for socket in sockets.values():
            socket.subscribe("*")
        streams = {case: server.events(token=token) for case, token in tokens.items()}
        tell_the_story(server)
        seen = {case: {"live": socket.drain()} for case, socket in sockets.items()}
        for case, socket in sockets.items():
            seen[case]["state"] = socket.sync()
            socket.close()
        for case, token in tokens.items():
            again = server.socket(token=token)
            assert again.subscribe("*", since=begin)["recovered"]
            seen[case]["replayed"] = again.drain()
            again.close()
            seen[case]["state over REST"] = server.rest(token).get("/state").json["data"]
            seen[case]["lists"] = {name: server.rest(token).get(f"/{name}").json[name] for name in ("jobs", "alerts")}
            seen[case]["system"] = server.rest(token).get("/metrics/system")
            last = durable(seen[case]["replayed"])
            until = number(last[-1]) if last else 0
            seen[case]["stream"] = read_stream(streams[case], until)
            replay = EventStream(server.host, server.port, token=token, last_event_id=begin)
            seen[case]["stream replayed"] = read_stream(replay, until)
            replay.close()
            streams[case].close()

        def made(scopes):
            return server.rest(rest.post("/tokens", {"name": f"rest-{len(rest.get('/tokens').json['tokens'])}", "scopes": scopes}).json["token"])

        seen["rest"] = made
        yield seen


# the matrix -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["live", "replayed", "stream", "stream replayed"])
@pytest.mark.parametrize("case", CASES)
def test_events(views, case, path):
    everything = durable(views["everything"]["replayed"])
    due = [m for m in everything if is_allowed(CASES[case], m)]
    assert durable(views[case][path]) == due
    assert case == "everything" or 0 < len(due) < len(everything), "the case shows something and hides something"


@pytest.mark.parametrize("path", ["live", "replayed", "stream", "stream replayed"])
@pytest.mark.parametrize("case", CASES)
def test_samples(views, case, path):
    """Metrics are filtered by the same two things."""
    for message in views[case][path]:
        if message["type"].startswith("metrics.") and CASES[case] != ["admin"]:
            family, _, kind = message["type"].partition(".")
            entity = message["data"].get("index") or message["data"]["node"]
            events = [scope.partition(":")[2] for scope in CASES[case] if scope.startswith("events:")]
            assert any(covers(p, c) for p in events for c in (f"{family}.{kind}", f"{family}.{entity}.{kind}")), message
            assert may_read(CASES[case], message["data"].get("index")), message


@pytest.mark.parametrize("path", ["state", "state over REST"])
@pytest.mark.parametrize("case", CASES)
def test_state(views, case, path):
    everything, shown = views["everything"]["state over REST"], views[case][path]
    for family, section, key in (("index", "indices", "index_id"), ("job", "jobs", "jobId"), ("alert", "alerts", "alertId")):
        due = {thing[key] for thing in everything[section] if is_shown(CASES[case], family, thing)}
        assert {thing[key] for thing in shown[section]} == due, section


@pytest.mark.parametrize("case", CASES)
def test_lists(views, case):
    """GET /jobs and /alerts show what the state would."""
    for family, name, key in (("job", "jobs", "jobId"), ("alert", "alerts", "alertId")):
        everything = views["everything"]["lists"][name]
        assert everything
        due = {thing[key] for thing in everything if is_shown(CASES[case], family, thing)}
        assert {thing[key] for thing in views[case]["lists"][name]} == due, name


@pytest.mark.parametrize("case", CASES)
def test_the_newest_sample(views, case):
    sample = {"type": "metrics.system", "data": {"node": "n1"}}
    answer = views[case]["system"]
    assert (answer.status == 200 and bool(answer.json["metrics"])) == is_allowed(CASES[case], sample), answer


@pytest.mark.parametrize("scopes,sees", [(["read:" + SHOWN], {SHOWN}), (["read:*"], {SHOWN, HIDDEN}), (["search:shown-*"], {SHOWN})])
def test_a_token_that_is_told_nothing_reads_what_names_its_indices(views, scopes, sees):
    """Without any events: scope: its indices, their jobs and alerts, and nothing that names no index."""
    with_rest = views["rest"](scopes)
    assert {index["index_id"] for index in with_rest.get("/indices").json["indices"]} == sees
    assert {alert.get("index") for alert in with_rest.get("/alerts").json["alerts"]} == sees
    jobs = with_rest.get("/jobs").json["jobs"]
    assert {job["index"] for job in jobs if job["index"] != OTHER} == sees
    assert with_rest.get("/metrics/system").json["metrics"] == []
    assert with_rest.get("/state").status == 403
