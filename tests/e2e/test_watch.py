"""`mlgraph watch`: what it prints is the log, each event once and in order, whatever happens to the server, to itself or to its reader."""
import os
import random
import signal
import subprocess
import sys

import pytest
from harness import Crew, Watch, fill, rows
from harness.cli import environment
from harness.ledger import check_exact, number, whole_log
from harness.server import ROOT, binary

sys.path.insert(0, str(ROOT / "tools"))

from watch_through_kills import watch_through_kills, writers  # noqa: E402


def seed_of_run():
    seed = int(os.environ.get("MLG_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"MLG_SEED={seed}")
    return seed


def make(server, *names):
    for name in names:
        assert server.rest().post("/indices", {"index_id": name, "dimension": 4}).status == 201


def created(name):
    return lambda m: m["type"] == "index.created" and m["data"]["index"] == name


def names_of(messages):
    return [m["data"]["index"] for m in messages if m["type"] == "index.created"]


def test_three_kills(make_server):
    counted = watch_through_kills(make_server(), 3, seed_of_run(), backoff=0.05)
    assert counted["gaps"] == 0 and counted["events"] > 0, counted


@pytest.mark.slow
def test_ten_kills_with_the_published_backoff(make_server):
    counted = watch_through_kills(make_server(), 10, seed_of_run())
    print(counted)
    assert counted["gaps"] == 0 and counted["events"] > 0, counted


def test_since_goes_on_exactly_where_a_watch_ended(make_server):
    """Ended by Ctrl-C and SIGTERM in the middle of events, server restarts between: the pieces put together are the log."""
    server = make_server()
    seed = seed_of_run()
    seen, position = [], server.rest().get("/state").json["id"]
    start = number(position)
    with Crew(*(writer.run for writer in writers(server, seed))):
        for turn in range(6):
            with Watch(server, "--since", position, "--backoff", "0.05") as watch:
                have = len(watch.messages)
                watch.wait_for(lambda m: len(watch.messages) >= have + 20)
                if turn % 2:
                    watch.process.send_signal(signal.SIGTERM)
                    assert watch.wait() == 0
                else:
                    assert watch.stop() == 0
                seen += watch.events
                position = watch.position()
            if turn in (1, 3):
                server.kill()
                server.start(port=server.port)
    check_exact(seen, whole_log(server), "the pieces", since=start, until=number(position))


def test_count_ends_behind_the_last_one(make_server):
    server = make_server()
    start = server.rest().get("/state").json["id"]
    make(server, "one", "two", "three")
    with Watch(server, "index.created", "--since", start, "--count", "2") as first:
        assert first.wait() == 0
        assert names_of(first.events) == ["one", "two"]
    with Watch(server, "index.created", "--since", first.position(), "--count", "1") as second:
        assert second.wait() == 0
        assert names_of(second.events) == ["three"]


def test_a_stopping_server_is_come_back_to(make_server):
    """SIGTERM: close 4103 with a least delay, then the new process: nothing is missing."""
    server = make_server()
    with Watch(server, "index.*", "--backoff", "0.05") as watch:
        watch.wait_for_note("-- connected")
        make(server, "before")
        watch.wait_for(created("before"))
        server.restart(port=server.port)
        make(server, "after")
        watch.wait_for(created("after"))
        assert any("shutdown retry_after_ms=" in note for note in watch.notes), watch.notes
        assert watch.stop() == 0
    assert names_of(watch.events) == ["before", "after"]


def watch_into(server, *arguments, **options):
    return subprocess.Popen([str(binary("mlgraph")), "--json", "watch", *arguments], env=environment(server), stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True, **options)


def ending(process):
    notes = process.communicate(timeout=30)[1]
    last = [line for line in notes.splitlines() if "--since" in line]
    return process.returncode, last[-1].rpartition(" ")[2] if last else None, notes


def test_a_reader_that_has_gone_ends_it_before_what_was_not_taken(make_server):
    """As `mlgraph watch | head -n 2`: the position is behind the last line that the pipe took."""
    server = make_server()
    start = server.rest().get("/state").json["id"]
    make(server, "one", "two")
    process = watch_into(server, "index.created", "--since", start, stdout=subprocess.PIPE)
    taken = [process.stdout.readline() for _ in range(2)]
    assert '"one"' in taken[0] and '"two"' in taken[1]
    process.stdout.close()
    process.stdout = None
    make(server, "three")
    code, position, notes = ending(process)
    assert code == 0, notes
    with Watch(server, "index.created", "--since", position, "--count", "1") as rest:
        assert rest.wait() == 0
        assert names_of(rest.events) == ["three"]


def test_a_full_disk_behind_it_is_an_error(make_server):
    server = make_server()
    start = server.rest().get("/state").json["id"]
    make(server, "one")
    with open("/dev/full", "w") as full:
        code, position, notes = ending(watch_into(server, "index.created", "--since", start, stdout=full))
    assert code == 1 and "cannot write to standard output: No space left" in notes, notes
    assert position == start


def test_a_closed_standard_output_is_an_error_and_never_the_socket(make_server):
    server = make_server()
    start = server.rest().get("/state").json["id"]
    make(server, "one")
    code, position, notes = ending(watch_into(server, "index.created", "--since", start, preexec_fn=lambda: os.close(1)))
    assert code == 1 and "cannot write to standard output" in notes, notes
    assert position == start


def test_a_closed_standard_error_changes_nothing(make_server):
    server = make_server()
    start = server.rest().get("/state").json["id"]
    make(server, "one")
    done = subprocess.run([str(binary("mlgraph")), "--json", "watch", "index.created", "--since", start, "--count", "1"],
                          env=environment(server), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=30,
                          preexec_fn=lambda: os.close(2))
    assert done.returncode == 0 and b'"one"' in done.stdout


def test_a_lost_position_is_told_and_closed_by_a_state(make_server):
    server = make_server()
    make(server, "stands")
    with Watch(server, "index.*", "--since", "otherepoch-3", "--state") as watch:
        state = watch.wait_for(lambda m: m["type"] == "state" and m["data"]["last"])
        assert [i["index_id"] for i in state["data"]["indices"]] == ["stands"]
        assert watch.stop() == 0
    assert watch.messages[0]["type"] == "subscribed" and watch.messages[0]["data"]["recovered"] is False
    assert any("events after otherepoch-3 may be missing" in note for note in watch.notes), watch.notes


@pytest.mark.parametrize("arguments,code", [
    (["--since", "nonsense"], 1), (["--since", "EPOCH-999999"], 1), (["job..x"], 1)])
def test_what_can_never_be_served_ends_it(make_server, arguments, code):
    server = make_server()
    epoch = server.rest().get("/state").json["id"].partition("-")[0]
    with Watch(server, *[a.replace("EPOCH", epoch) for a in arguments]) as watch:
        assert watch.wait(20) == code, watch.notes


def test_a_token_that_covers_nothing_is_not_allowed(make_server):
    server = make_server()
    token = server.rest().post("/tokens", {"name": "narrow", "scopes": ["events:job.*"]}).json["token"]
    with Watch(server, "index.*", token=token) as watch:
        assert watch.wait(20) == 4, watch.notes
    with Watch(server, "*", token="mlg_nobody_knows_this_token") as stranger:
        assert stranger.wait(20) == 4, stranger.notes


def test_a_revoked_token_ends_it(make_server):
    server = make_server()
    token = server.rest().post("/tokens", {"name": "short", "scopes": ["events:*", "read:*"]}).json["token"]
    with Watch(server, "*", token=token) as watch:
        watch.wait_for_note("-- connected")
        server.rest().delete("/tokens/short")
        assert watch.wait(20) == 4, watch.notes


def test_narrowed_scopes_are_told_and_outlive_a_restart(make_server):
    """A channel that is no longer allowed would refuse the whole resubscription: it is left out."""
    server = make_server()
    rest = server.rest()
    token = rest.post("/tokens", {"name": "narrowing", "scopes": ["events:*", "read:*"]}).json["token"]
    with Watch(server, "index.*", "job.*", "--backoff", "0.05", token=token) as watch:
        watch.wait_for_note("-- connected")
        assert rest.patch("/tokens/narrowing", {"scopes": ["events:index.*", "read:*"]}).status == 200
        watch.wait_for_note("no longer covered")
        server.kill()
        server.start(port=server.port)
        make(server, "after")
        watch.wait_for(created("after"))
        assert watch.stop() == 0


def test_an_expired_token_is_renewed_from_its_file(make_server, tmp_path):
    """4201: at once, with the token that stands in the file by then; nothing is missing."""
    server = make_server()
    rest = server.rest()
    file = tmp_path / "token"
    file.write_text(rest.post("/tokens", {"name": "a", "scopes": ["events:*", "read:*"], "expires_in_seconds": 2}).json["token"] + "\n")
    with Watch(server, "index.*", "--token-file", str(file)) as watch:
        watch.wait_for_note("-- connected")
        make(server, "before")
        watch.wait_for(created("before"))
        file.write_text(rest.post("/tokens", {"name": "b", "scopes": ["events:*", "read:*"]}).json["token"] + "\n")
        watch.wait_for_note("token expired")
        make(server, "between")
        watch.wait_for_note("-- connected", count=2)
        make(server, "after")
        watch.wait_for(created("after"))
        assert watch.stop() == 0
    assert names_of(watch.events) == ["before", "between", "after"]


def test_state_and_events_after_it(make_server):
    server = make_server()
    make(server, "before")
    fill(server.rest(), "before", rows(3, 4))
    with Watch(server, "index.created", "--state") as watch:
        state = watch.wait_for(lambda m: m["type"] == "state" and m["data"]["last"])
        make(server, "after")
        event = watch.wait_for(created("after"))
        assert number(event) > number(state)
        assert watch.stop() == 0
