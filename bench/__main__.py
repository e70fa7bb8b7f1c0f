"""Runs the bench: `python -m bench [--quick | --full | --check] [--only PART …]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.measuring import PARTS, PLANS, measure


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, keep; 1 if a goal that must be reached is missed by more than 15 %."""
    asked = _asked(arguments)
    mode = "full" if asked.full else "check" if asked.check else "quick"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = measure(PLANS[mode], Path(folder), mode, asked.only)
    missed = report.show(found)
    print(f"\nkept in {report.keep(found, mode).relative_to(report.HERE.parent)}")
    if asked.baseline:
        report.keep_baseline(found)
    return 1 if missed and mode != "check" else 0


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="about a minute (the default)")
    how.add_argument("--full", action="store_true", help="with a million people; some minutes")
    how.add_argument("--check", action="store_true", help="tiny numbers; only answers are checked")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=[], help="these parts")
    parser.add_argument("--baseline", action="store_true", help="keep the goals' values for later")
    asked = parser.parse_args(arguments)
    if asked.baseline and asked.only:
        parser.error("a baseline needs all parts")
    return asked


if __name__ == "__main__":
    sys.exit(main())
