#!/usr/bin/env python3
"""Builds and runs the test stages, one after the other, and adds up what they counted.

  tools/test.py            dev build: unit tests, end-to-end tests but the slow ones
  tools/test.py --all      everything, as CI does: what the sanitizers' builds run is not run a second time without them
  tools/test.py --nightly  faults for about an hour, on the release build (MLG_SEED and MLG_CYCLES replay and lengthen)
  tools/test.py --stage S  one stage by name (see STAGES)

Each stage's whole output goes to build/test-logs/<stage>.log; a failure prints the log's end.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test-logs"
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tools/lsan.supp:print_suppressions=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": f"suppressions={ROOT}/tools/tsan.supp:halt_on_error=1:second_deadlock_stack=1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MLG_SEEDS": "200",  # of the simulator
}


class Stage:
    """`runs`: of which runs it is part, "quick", "all" and "nightly"."""

    def __init__(self, name, why, commands, env=None, runs=("quick", "all")):
        self.name, self.why, self.commands, self.env, self.runs = name, why, commands, env or {}, runs


QUICK, ALL, NIGHTLY = ("quick",), ("all",), ("nightly",)
PROGRAMS = ["mlgraphd", "mlgraph", "mlgraph-hdf5"]


def build(preset, *targets):
    configure = ["cmake", "--preset", preset, "-Wno-dev"]
    return [configure, ["cmake", "--build", "--preset", preset, *(["--target", *targets] if targets else [])]]


def unit(preset):
    return [["ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "--no-tests=error", "-V", "-j2"]]


def pytest(preset, *args):
    return [["env", f"MLG_BIN_DIR={ROOT}/build/{preset}/bin", *PYTEST, *args]]


# Two files of tests side by side: most of a test's time is waiting. A file's tests share a server, so they stay together.
SIDE_BY_SIDE = ["-n", "2", "--dist", "loadfile"]

# A browser beside a test that takes a whole core draws too late for those who look at it.
BROWSER = [f"tests/e2e/test_{name}.py" for name in ("browser", "dashboard", "dashboard_access")]

# What people look at and type has the pace of the plain build.
PLAIN = [*BROWSER, "tests/e2e/test_guides.py"]


def ignoring(paths):
    return [f"--ignore={path}" for path in paths]


def nightly(**defaults):
    """What the environment gives stands; the rest is the nightly run's own."""
    return {name: os.environ.get(name, value) for name, value in defaults.items()}


# What several threads of the server touch at once; the rest of the suite adds time, not interleavings.
TSAN_E2E = [f"tests/e2e/test_{name}.py" for name in ("sixteen_kinds", "subscribe", "resume", "auth", "limits", "signals", "restart", "live_tokens", "kill", "reload")]

STAGES = {
    stage.name: stage
    for stage in [
        Stage("format", "clang-format leaves every file as it is", [["/usr/bin/python3", "tools/check_format.py"]], runs=ALL),
        Stage("unit", "modules through their headers", build("dev") + unit("dev"), runs=QUICK),
        Stage("programs", "what the stages below start", build("dev", *PROGRAMS), runs=ALL),
        Stage("npm", "the browser's and Node's side of the end-to-end tests", [["npm", "ci", "--silent", "--prefix", "tests/e2e"]]),
        Stage("sdk", "the TypeScript client: random stories, the real server behind a faulty line; the scenarios that both folds follow",
              [["npm", "ci", "--silent", "--prefix", "sdk/typescript"],
               ["env", f"MLG_BIN_DIR={ROOT}/build/dev/bin", "npm", "test", "--silent", "--prefix", "sdk/typescript"]]
              + [[*PYTEST, "tests/fold"]]),
        Stage("pysdk", "the Python client: the folds' scenarios, random stories, the real server behind a faulty line; its types",
              pytest("dev", "sdk/python/tests") + [["env", "-C", "sdk/python", "/usr/bin/python3", "-m", "mypy", "--cache-dir", f"{LOGS}/mypy"]]),
        Stage("dashboard", "the dashboard's rings, texts and queries",
              [["npm", "ci", "--silent", "--prefix", "dashboard"], ["npm", "test", "--silent", "--prefix", "dashboard"]]),
        Stage("e2e", "the real server over real sockets",
              pytest("dev", *SIDE_BY_SIDE, "-m", "not slow", *ignoring(BROWSER), "tests/e2e") + pytest("dev", "-m", "not slow", *BROWSER), runs=QUICK),
        Stage("conformance", "RFC 6455 against ws_echo", pytest("dev", "tests/conformance"), runs=QUICK),
        Stage("e2e-plain", "the browser's side, and what the guides say", pytest("dev", "-m", "not slow", *PLAIN), runs=ALL),
        Stage("e2e-slow", "long fault tests", pytest("dev", "-m", "slow", "tests/e2e"), runs=ALL),
        Stage("deb", "the Debian package in a Debian tree of its own: installed, used, upgraded, purged (root, mmdebstrap, lintian)",
              pytest("dev", "tests/deb"), runs=ALL),
        Stage("lint", "clang-tidy, clang's thread-safety analysis with it, over src/", [["/usr/bin/python3", "tools/lint.py"]], runs=ALL),
        Stage("asan-unit", "modules through their headers, address and undefined-behaviour sanitizers", build("asan") + unit("asan"), SANITIZER_ENV, ALL),
        Stage("asan-e2e", "the real server over real sockets likewise, and RFC 6455 against ws_echo",
              pytest("asan", *SIDE_BY_SIDE, "-m", "not slow", *ignoring(PLAIN), "tests/e2e", "tests/conformance"), SANITIZER_ENV, ALL),
        Stage("tsan-unit", "modules through their headers, thread sanitizer", build("tsan") + unit("tsan"), SANITIZER_ENV, ALL),
        Stage("tsan-e2e", "the real server under use likewise", pytest("tsan", *SIDE_BY_SIDE, "-m", "not slow", *TSAN_E2E), SANITIZER_ENV, ALL),
        Stage("fuzz", "each parser against its kept corpus, then a while of new input",
              build("asan") + [["/usr/bin/python3", "tools/fuzz.py", "--seconds", "20"]], runs=ALL),
        Stage("kills", "200 kills and pauses of 1 to 60 s under clients of every kind (F01, F03)",
              [*build("release")[:1], ["cmake", "--build", "--preset", "release", "--target", "mlgraphd", "mlgraph"]]
              + pytest("release", "-s", "tests/e2e/test_kill.py", "-k", "many"),
              nightly(MLG_CYCLES="200", MLG_PAUSE_SECONDS="1-60"), NIGHTLY),
        Stage("power", "1,000 power cuts, each inside a call to the disk (F02)",
              [*build("release")[:1], ["cmake", "--build", "--preset", "release", "--target", "store_test"],
               ["build/release/bin/store_test", "--gtest_filter=DiskFaults.APowerCutLosesNothingAcknowledged"]],
              nightly(MLG_CYCLES="1000"), NIGHTLY),
        Stage("simulator", "10,000 seeded schedules of committer, hub and sessions in virtual time (F12)",
              [*build("release")[:1], ["cmake", "--build", "--preset", "release", "--target", "sim_test"], ["build/release/bin/sim_test"]],
              nightly(MLG_SEEDS="10000"), NIGHTLY),
        Stage("watch", "mlgraph watch through 200 kills with the published reconnect delays",
              [["env", f"MLG_BIN_DIR={ROOT}/build/release/bin", "/usr/bin/python3", "tools/watch_through_kills.py", "--kills", "200"]],
              runs=NIGHTLY),
        Stage("tsan-index", "what the engine's tests leave out under the thread sanitizer day by day (tests/CMakeLists.txt)",
              build("tsan", "index_test") + [["build/tsan/bin/index_test"]],
              {**SANITIZER_ENV, "TSAN_OPTIONS": f"suppressions={ROOT}/tools/tsan.supp:halt_on_error=1:detect_deadlocks=0"}, NIGHTLY),
        Stage("recovery", "back within 2 s of a kill with 100,000 vectors (F01)", pytest("release", "-s", "tests/e2e/test_recovery.py"),
              nightly(MLG_RECOVERY_SECONDS="2", MLG_RECORD_DIR=f"{LOGS}/recovery"), NIGHTLY),
    ]
}
COUNTS = [
    (re.compile(r"\[  PASSED  \] (\d+) tests?"), "passed"),
    (re.compile(r"^\S*\s*(\d+) FAILED TESTS?", re.M), "failed"),
    (re.compile(r"(\d+) passed(?:,| in|$)", re.M), "passed"),
    (re.compile(r"(\d+) failed(?:,| in|$)", re.M), "failed"),
    (re.compile(r"(\d+) errors? in ", re.M), "failed"),
    (re.compile(r"(\d+) error, ", re.M), "failed"),
    (re.compile(r"^\S pass (\d+)$", re.M), "passed"),  # node --test
    (re.compile(r"^\S fail (\d+)$", re.M), "failed"),
]


def run_stage(stage):
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{stage.name}.log"
    began = time.monotonic()
    code = 0
    with log.open("w") as out:
        for command in stage.commands:
            print("$", *command, file=out, flush=True)
            code = subprocess.call(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **stage.env})
            if code:
                break
    text = log.read_text(errors="replace")
    totals = {"passed": 0, "failed": 0}
    for pattern, kind in COUNTS:
        totals[kind] += sum(int(n) for n in pattern.findall(text))
    if code and not totals["failed"]:
        totals["failed"] = 1
    if not code and not totals["passed"]:
        totals["passed"] = 1  # a stage that only checks, and found nothing
    verdict = "FAILED" if code else "ok"
    print(f"{stage.name:<12} {verdict:<7} {totals['passed']:>5} passed {totals['failed']:>3} failed "
          f"{time.monotonic() - began:6.0f} s   {stage.why}", flush=True)
    if code:
        print("\n".join(text.splitlines()[-80:]))
        print(f"(the whole log: {log})", flush=True)
    return totals


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--nightly", action="store_true")
    arguments.add_argument("--stage", action="append", choices=STAGES)
    options = arguments.parse_args()
    run = "nightly" if options.nightly else "all" if options.all else "quick"
    names = options.stage or [name for name, stage in STAGES.items() if run in stage.runs]
    passed = failed = 0
    for name in names:
        totals = run_stage(STAGES[name])
        passed += totals["passed"]
        failed += totals["failed"]
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
