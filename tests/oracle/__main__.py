"""Asks both statements of the rules about the whole domain: `python -m tests.oracle [--jobs N]`.

Some twenty million points, so a matter of many minutes and no part of the tests.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import islice
from multiprocessing import get_context

from tests.oracle.cedar import ask
from tests.oracle.points import Situation, whole

BATCH = 400  # situations; each has as many points as there are sections


def _batches(limit: int | None) -> Iterator[list[Situation]]:
    situations = islice(whole(), limit)
    while batch := list(islice(situations, BATCH)):
        yield batch


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Ask everything, print how far it is; 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--first", type=int, help="only so many situations")
    given = parser.parse_args()
    began, points, permits, wrong = time.monotonic(), 0, 0, 0
    with get_context("fork").Pool(given.jobs) as pool:
        answers = pool.imap_unordered(ask, _batches(given.first))
        for number, (found, count, allowed) in enumerate(answers, 1):
            points, permits, wrong = points + count, permits + allowed, wrong + len(found)
            for each in found[:5]:
                _say(str(each))
            if number % 50 == 0:
                _say(f"{time.monotonic() - began:.0f} s, {points:,} points")
    took = time.monotonic() - began
    _say(f"{points:,} points, {permits:,} permits, {wrong:,} differences, {took:.0f} s")
    return 1 if wrong or not permits else 0


if __name__ == "__main__":
    sys.exit(main())
