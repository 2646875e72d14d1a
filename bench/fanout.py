#!/usr/bin/env python3
"""Compares the fan-out of our gateway with the least that it can cost, and prints the ratios as a table.

  cmake --preset release && cmake --build --preset release
  bench/fanout.py [--rounds N] [--only singles_1000,bursts_1000,…] [--peer 'NAME=COMMAND']…

`ours` is the gateway and the hub (bench/fanout_server), `bare` one loop written by hand (bench/bare_fanout.cc); each also
with its sends through io_uring. A peer is another server that speaks as they do and prints a line with `listening` and its port.
The server has core 0, the client core 1, but in two_loops, where both have both. Ratios are of one round, in which all servers
run one after the other, in an order that turns; of CPU they are the server's own, per delivery to one session: less is better.
All of it takes about a quarter of an hour.
"""
import argparse
import functools
import os
import pathlib
import platform
import re
import shlex
import statistics
import subprocess
import tempfile

from harness import BIN, ROOT, run

OURS, BARE = "ours", "bare"
SERVERS = {OURS: [BIN / "fanout_server"], "ours uring": [BIN / "fanout_server", "--uring"],
           BARE: [BIN / "bare_fanout"], "bare uring": [BIN / "bare_fanout", "--flush", "uring"]}
PEERS = {}
SERVER_CORE, CLIENT_CORE = {0}, {1}


class Listening:
    """A server for the block's length, on its own core."""

    def __init__(self, command, cores=SERVER_CORE):
        self.command = ["taskset", "-c", ",".join(map(str, cores)), *command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "listening" in line:
                self.port = int(re.findall(r"\d+", line)[-1])
                return self
        raise SystemExit(f"{self.command} does not listen")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()

    def load(self, sessions, *options):
        return run("fanout_load", "--port", self.port, "--pid", self.process.pid, "--sessions", sessions, *options)


def command_of(name, *options):
    return PEERS[name] if name in PEERS else [*SERVERS[name], "--port", "0", *options]


def measure(name, *load, options=(), cores=SERVER_CORE):
    """One server under one load; it fails where an event was lost or came twice, but for latencies, whose table tells."""
    with Listening(command_of(name, *options), cores) as server:
        seen = server.load(*load)
    if "--rate" not in load and any(seen.get(wrong) for wrong in ("gaps", "doubles", "disconnects")):
        raise SystemExit(f"{name} under {load}: {seen}")
    return seen


def each(round_number, names, *load):
    """The same load on all of them; another is the first in each round."""
    names = [*names, *PEERS]
    first = round_number % len(names)
    return {name: measure(name, *load) for name in names[first:] + names[:first]}


def ratios(seen, figure):
    return {f"{name} / {BARE}": seen[name][figure] / seen[BARE][figure] for name in [*SERVERS, *PEERS] if name in seen and name != BARE}


def throughput(sessions, burst, seconds, round_number):
    """CPU per delivery as fast as the sessions keep up, with the parts of it that are the program's own."""
    seen = each(round_number, SERVERS, sessions, "--burst", burst, "--seconds", seconds)
    cost = {f"{name} ns per delivery": seen[name]["server_ns_per_delivery"] for name in (OURS, BARE)}
    return {**ratios(seen, "server_ns_per_delivery"), **cost, f"{OURS} user ns per delivery": seen[OURS]["server_user_ns"],
            f"{OURS} deliveries per second": seen[OURS]["deliveries_per_second"]}


def latency(rate, sessions, seconds, round_number):
    """From the publisher's clock to the session's read, at a rate that leaves the server idle in between."""
    seen = each(round_number, (OURS, BARE), sessions, "--rate", rate, "--seconds", seconds, "--sleep")
    return {**{f"p99: {name}": value for name, value in ratios(seen, "p99_us").items()},
            **{f"{OURS} {figure}": seen[OURS][figure] for figure in ("p50_us", "p99_us", "gaps", "doubles")},
            f"{BARE} p99_us": seen[BARE]["p99_us"]}


def idle(round_number):
    """Memory of 10,000 subscribed sessions, and how many of 18,000 are taken."""
    held = each(round_number, (OURS, BARE), 10_000, "--seconds", 0, "--hold", 2)
    many = each(round_number, (OURS,), 18_000, "--seconds", 0)
    return {**{f"{name} KB per session": seen["kb_per_session"] for name, seen in held.items()},
            **{f"{name} accepted of 18,000": seen["accepted"] for name, seen in many.items()}}


def accept(round_number):
    """CPU of a handshake, a token and a subscription, 64 under way at a time."""
    seen = each(round_number, (OURS, BARE), 10_000, "--auth", "--seconds", 0)
    return {**ratios(seen, "server_us_per_session"), **{f"{name} us per session": one["server_us_per_session"] for name, one in seen.items()}}


def patterns(round_number):
    """An event for 10 sessions, alone and beside 15,000 of 16 patterns each that it does not match."""
    crowds = {"alone": (), "crowded": ("--idle", 15_000, "--patterns", 16)}
    order = sorted(crowds, reverse=round_number % 2)
    seen = {name: measure(OURS, 10, "--seconds", 2, *crowds[name])["server_ns_per_event"] / 1_000 for name in order}
    return {"crowded / alone": seen["crowded"] / seen["alone"], **{f"{name} us per event": seen[name] for name in crowds}}


def two_loops(round_number):
    """CPU per delivery with two loops against one, on both cores, which the client shares."""
    figures = {}
    os.sched_setaffinity(0, SERVER_CORE | CLIENT_CORE)
    for name, burst in (("singles", 1), ("bursts", 16)):
        loops = {count: measure(OURS, 1_000, "--burst", burst, "--seconds", 2, "--sleep", options=("--loops", count),
                                cores=SERVER_CORE | CLIENT_CORE)["server_ns_per_delivery"]
                 for count in (("1", "2"), ("2", "1"))[round_number % 2]}
        figures[f"{name}: two loops / one"] = loops["2"] / loops["1"]
    os.sched_setaffinity(0, CLIENT_CORE)
    return figures


def against_plain(name, options, load):
    """Bursts for 1,000 sessions in another way than usual, beside the usual."""
    bursts = (1_000, "--burst", 16, "--seconds", 2)
    plain = measure(OURS, *bursts)
    other = measure(OURS, *bursts, *load, options=options)
    return {f"{name} / plain": other["server_ns_per_delivery"] / plain["server_ns_per_delivery"],
            f"{name} ns per delivery": other["server_ns_per_delivery"], f"{name} deliveries per second": other["deliveries_per_second"]}


def wss(_):
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = folder + "/key.pem", folder + "/cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                        "-days", "2", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        return against_plain("TLS", ("--tls-cert", certificate, "--tls-key", key), ("--tls",))


def durable(_):
    return against_plain("durable", ("--durable",), ("--match", "alert.*"))


CASES = {**{f"singles_{sessions}": functools.partial(throughput, sessions, 1, seconds) for sessions, seconds in ((1_000, 2), (10_000, 3))},
         **{f"bursts_{sessions}": functools.partial(throughput, sessions, 16, seconds) for sessions, seconds in ((1_000, 2), (10_000, 3))},
         "latency_100x1000": functools.partial(latency, 100, 1_000, 5), "latency_10x10000": functools.partial(latency, 10, 10_000, 8),
         "idle": idle, "accept": accept, "patterns": patterns, "two_loops": two_loops, "wss": wss, "durable": durable}


def about_this_run():
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}, commit {commit or 'unknown'}"


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3f}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, help="5, and 9 for single events")
    arguments.add_argument("--only", default=",".join(CASES))
    arguments.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND")
    options = arguments.parse_args()
    for peer in options.peer:
        name, _, command = peer.partition("=")
        PEERS[name] = shlex.split(command)
    os.sched_setaffinity(0, CLIENT_CORE)
    print(f"{about_this_run()}\n\n| case | figure | median | least | most |\n|---|---|---|---|---|")
    for name in options.only.split(","):
        rounds = [CASES[name](n) for n in range(options.rounds or (9 if name.startswith("singles") else 5))]
        for figure in rounds[0]:
            values = [figures[figure] for figures in rounds]
            row = [shown(value) for value in (statistics.median(values), min(values), max(values))]
            print(f"| {name} | {figure} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
