"""Cases of delivery: commits, replays, reconnecting, stalled and rare readers, and what those at the tail feel of them."""
import json
import os
import statistics
import tempfile
import time

from harness import ROOT, Clients, Crowd, Listener, Peak, Server, run

STORM = 10_000
LIVE = 100


def with_room():
    """A server for thousands of sessions of one token, whose requests come in bursts."""
    return {"limits_sessions_per_token": 50_000, "limits_requests_per_second": 1_000, "limits_request_burst": 2_000}


def live_p99(server, sessions=LIVE, changes=300, rate=100):
    return run("watch_latency", server.port, "l", sessions, changes, rate)["p99_ms"]


def commits():
    """Small durable events with 256 commits in flight, and one at a time, against one caller of bare RocksDB with the same records."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        done = run("commit_bench", folder + "/log", 3)
    return {**{f"{name}_per_second": value for name, value in done.items()},
            "ratio_to_batches_of_64": done["in_flight_256"] / done["bare_batches_of_64"],
            "ratio_of_one_caller": done["in_flight_1"] / done["bare_one_by_one"]}


def replay():
    """50 sessions resume 100,000 events each through one loop: from the ring, from RocksDB; one session from RocksDB."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        many = run("replay_bench", folder + "/log", 50, 100_000)
        one = run("replay_bench", folder + "/log", 1, 300_000)
    return {"ring_per_second": many["ring"], "rocksdb_per_second": many["rocksdb"], "bare_sends_per_second": many["bare"],
            "ring_ratio": many["ring"] / many["bare"], "one_session_rocksdb_per_second": one["rocksdb"]}


def patterns():
    """10,000 sessions of 128 patterns each on one loop: an event for one of them, and for all, against 2 patterns each (H25)."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
        done = run("pattern_bench", folder + "/log")
    return {**done, "one_match_ratio": done["many_patterns_one_match_us"] / done["few_patterns_one_match_us"],
            "all_match_ratio": done["many_patterns_all_match_us"] / done["few_patterns_all_match_us"]}


def revoked(sessions=500):
    """Sessions of everything, fed by 200 changes; their token is revoked in the middle (H11): when the last is closed, and has had its last event."""
    with Server(**with_room()) as server:
        server.create("l")
        secret = server.call("POST", "/tokens", json.dumps({"name": "guest", "scopes": ["events:*", "read:*"]}).encode())["token"]
        listeners = [Listener(server.port, secret) for _ in range(sessions)]
        with Crowd(listeners):  # until the last is closed
            for n in range(100):
                server.call("PATCH", "/indices/l", json.dumps({"nprobe": n + 1}).encode())
            server.call("DELETE", "/tokens/guest")
            revoked_at = time.monotonic()
            for n in range(100):
                server.call("PATCH", "/indices/l", json.dumps({"nprobe": n + 1}).encode())
    return {"events_before": sum(one.events for one in listeners), "last_closed_s": max(one.closed_at for one in listeners) - revoked_at,
            "last_event_s": max(one.last_event_at for one in listeners) - revoked_at}


def restart():
    """10,000 clients of everything; the server is killed, starts again, 50 changes are made: all must be back and past them."""
    with Server(**with_room()) as server:
        server.create("l")
        began = time.monotonic()
        clients = Clients(server.port, STORM, "*")
        connected = time.monotonic() - began
        server.restart(9)
        for n in range(50):
            server.call("PATCH", "/indices/l", json.dumps({"nprobe": n + 1}).encode())
        clients.say("target " + server.newest_id().rpartition("-")[2])
        back = clients.answer()
        clients.close()
    return {"first_connect_s": connected, "caught_up_p50_s": back["p50_s"], "caught_up_p99_s": back["p99_s"], "caught_up_max_s": back["max_s"]}


def storm():
    """10,000 sessions are cut and come back with the page's backoff while 100 others watch: the others' p99, before and during."""
    with Server(**with_room()) as server:
        server.create("l")
        clients = Clients(server.port, STORM, "alert.*")
        before = live_p99(server)
        clients.say("drop")
        during = live_p99(server, changes=500)
        clients.say("target 0")
        back = clients.answer()
        clients.close()
    return {"live_p99_before_ms": before, "live_p99_during_ms": during, "ratio": during / before, "back_p99_s": back["p99_s"]}


def churn(rate=2_000, seconds=60):
    """Reconnects at a steady rate beside 100 watchers: the watchers' p99, before and during."""
    with Server(**with_room()) as server:
        server.create("l")
        clients = Clients(server.port, 2_000, "alert.*")
        before = live_p99(server)
        clients.say(f"churn {rate} {seconds}")
        during = live_p99(server, changes=int(seconds * 80))
        done = clients.answer()
        clients.close()
    return {"live_p99_before_ms": before, "live_p99_during_ms": during, "ratio": during / before, **done}


def soak():
    """Reconnects at 200 a second for an hour (MLG_SOAK_SECONDS), each resumes: the slope of memory behind a sixth of it, and descriptors."""
    seconds, rate, every = int(os.environ.get("MLG_SOAK_SECONDS", 3_600)), 200, 10
    with Server(**with_room()) as server:
        server.create("l")
        before = server.descriptors()
        clients = Clients(server.port, 500, "*")
        clients.say(f"churn {rate} {seconds}")
        seen = []
        for n in range(seconds // every):
            server.call("PATCH", "/indices/l", json.dumps({"nprobe": n % 1_000 + 1}).encode())
            seen.append((n * every / 3_600, server.resident_mib()))
            time.sleep(every)
        done = clients.answer()
        clients.close()
        after = server.settled_descriptors()
    warm = seen[len(seen) // 6:]
    slope, _ = statistics.linear_regression(*zip(*warm))
    return {**done, "minutes": seconds / 60, "resident_mib": warm[-1][1], "slope_mib_per_hour": slope,
            "descriptors_leaked": after - before}


def stalled():
    """1,000 sessions stop reading beside 1,000 healthy ones, 100 changes a second: the healthy ones' p99, and memory."""
    with Server(**with_room()) as server:
        server.create("l")
        without = live_p99(server, 1_000, 1_000)
        clients = Clients(server.port, 1_000, "*", MLG_RCVBUF="4096")
        quiet = server.resident_mib()
        clients.say("stall")
        with Peak(server.resident_mib) as resident:
            with_stalled = live_p99(server, 1_000, 2_000)
        fell_behind = server.metrics()["catch_ups_total"]
        clients.close()
    return {"healthy_p99_without_ms": without, "healthy_p99_with_ms": with_stalled, "ratio": with_stalled / without,
            "fell_behind": fell_behind, "resident_growth_mib": resident.most - quiet, "bound_mib": 1_000 * 256 / 1024}


def rare():
    """10,000 clients of one rare job resume from the begin of a full 1 GiB log, beside 100 watchers."""
    made = {}

    def fill(data_dir):
        made.update(run("fill_log", data_dir, 1_000))

    with Server(fill, **with_room()) as server:
        server.create("l")
        before = live_p99(server)
        clients = Clients(server.port, STORM, "job.rare.*", f"{made['epoch']}-{made['oldest'] - 1}")
        clients.say("target " + server.newest_id().rpartition("-")[2])
        during = live_p99(server)
        back = clients.answer()
        seen = server.metrics()
        clients.close()
    return {"events_in_log": made["events"], "caught_up_p99_s": back["p99_s"], "caught_up_max_s": back["max_s"], "live_p99_before_ms": before, "live_p99_during_ms": during,
            "ratio": during / before, "entries_read": seen["replay_read_entries_total"],
            "passed_share": seen["replay_passed_entries_total"] / (made["events"] * STORM)}


def idle():
    """Memory of 10,000 idle sessions."""
    with Server(**with_room()) as server:
        before = server.resident_mib()
        clients = Clients(server.port, STORM, "alert.*")
        after = server.resident_mib()
        clients.close()
    return {"sessions": STORM, "bytes_a_session": (after - before) * 2**20 / STORM}
