#!/usr/bin/env python3
"""Builds the Debian package and prints its path.

  tools/package_deb.py                       of the release build: build/release/mlgraph_VERSION_ARCH.deb
  tools/package_deb.py --preset dev          of another one
"""
import argparse
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ["mlgraphd", "mlgraph", "mlgraph-hdf5"]


def make_package(preset):
    """Builds the programs and packs them; the package's path."""
    build = ROOT / "build" / preset

    def run(*command):
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(done.stdout)

    run("cmake", "--preset", preset, "-Wno-dev")
    run("cmake", "--build", str(build), "--target", *PROGRAMS)
    for old in build.glob("mlgraph_*.deb"):
        old.unlink()
    run("cpack", "-G", "DEB", "--config", str(build / "CPackConfig.cmake"), "-B", str(build))
    (package,) = build.glob("mlgraph_*.deb")
    return package


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--preset", default="release")
    print(make_package(arguments.parse_args().preset))
