#!/usr/bin/env python3
"""Writes the scenarios that every fold must follow: events, and the state that the model says after each.

  tests/fold/make_scenarios.py                       writes tests/fold/scenarios/*.json
  tests/fold/make_scenarios.py --random 30 DIR       writes 30 random ones, longer, into DIR, from a fresh seed or
                                                     --seed; MLG_FOLD_SCENARIOS=DIR makes both folds' tests run those
"""
import argparse
import pathlib
import random

import plots
from dice import RANDOM_SEEDS, at_random
from story import Story

FOLDER = pathlib.Path(__file__).resolve().parent / "scenarios"
LONG = 700


def all_stories():
    for plot in plots.PLOTS:
        story = Story(plot.__name__, " ".join(plot.__doc__.split()), whole=plot in plots.WHOLE)
        plot(story)
        yield story
    for seed in RANDOM_SEEDS:
        yield at_random(seed)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--random", type=int, default=0, metavar="N")
    arguments.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    arguments.add_argument("folder", nargs="?", type=pathlib.Path)
    options = arguments.parse_args()
    if bool(options.random) != bool(options.folder):
        arguments.error("random ones go into a folder of their own, the others stand beside this program")
    if options.random:
        stories = (at_random(seed, LONG) for seed in range(options.seed, options.seed + options.random))
    else:
        stories = all_stories()
        for old in FOLDER.glob("*.json"):
            old.unlink()
    folder = options.folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for story in stories:
        (folder / f"{story.name}.json").write_text(story.text(), encoding="utf-8")
        print(f"{story.name:<26} {len(story.steps):>4} steps  {len(story.text()) // 1024:>4} KiB  {story.why}")


if __name__ == "__main__":
    main()
