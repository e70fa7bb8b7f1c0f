"""Owns what a run prints and keeps."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.goals import GOALS, values
from bench.timing import Times, ms, ratios

HERE = Path(__file__).parent
RESULTS, BASELINE = HERE / "results", HERE / "baseline.json"
_NAMED = ("cryptography", "joserfc", "marshmallow", "SQLAlchemy", "Flask", "gunicorn", "Jinja2")


def machine() -> dict[str, Any]:
    """Versions and cores."""
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in _NAMED},
        "SQLite": sqlite3.sqlite_version,
        "cores": len(os.sched_getaffinity(0)),
    }


def table_of(times: Times) -> dict[str, dict[str, dict[str, Any]]]:
    """What is kept of measured times: ms, and ratios to the first build of each job."""
    kept: dict[str, dict[str, dict[str, Any]]] = {}
    for job, builds in times.items():
        floor = next(iter(builds.values()))
        kept[job] = {
            name: {
                "cpu p10": ms(taken.cpu, 0.1),
                "cpu p50": ms(taken.cpu, 0.5),
                "wall p50": ms(taken.wall, 0.5),
                "wall p95": ms(taken.wall, 0.95),
                "commit p50": ms(taken.commit, 0.5),
                "operations": len(taken.cpu),
                "ratio": [round(value, 3) for value in ratios(taken, floor)],
            }
            for name, taken in builds.items()
        }
    return kept


def show(found: dict[str, Any]) -> list[str]:
    """Print a run's results; gives the numbers of the goals that were missed."""
    first, last = found["calibrator"]
    named = " · ".join(f"{name} {value}" for name, value in found["machine"].items())
    print(f"{named} · loop {first} us at start, {last} us at end")
    if found["unsteady"]:
        print("The machine changed its speed by more than 30 % in every try: trust no number.")
    _jobs(found)
    _steps(found)
    for name in ("http", "verify", "scale", "startup", "decisions", "scan", "checked", "plans"):
        if name in found:
            print(f"\n{name}")
            _tree(found[name], 1)
    return _goals(found)


def keep(found: dict[str, Any], name: str) -> Path:
    """Write a run's results as JSON, outside the repository's history."""
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return file


def keep_baseline(found: dict[str, Any]) -> None:
    """Write what later runs are held against: the machine and each goal's value, no times."""
    kept = {number: round(each[1], 3) for number, each in values(found).items()}
    text = {"machine": found["machine"], "mode": found["mode"], "goals": kept}
    BASELINE.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


def _jobs(found: dict[str, Any]) -> None:
    line = "{:12} {:26} {:>8} {:>8} {:>9} {:>9} {:>8}  {}"
    print()
    print(line.format("ms", "", "CPU p10", "CPU p50", "wall p50", "wall p95", "commit", "ratio"))
    for job, builds in found.get("jobs", {}).items():
        for name, row in builds.items():
            first, middle, third = row["ratio"]
            cells = [f"{row[key]:.2f}" for key in ("cpu p10", "cpu p50", "wall p50", "wall p95")]
            commit = f"{row['commit p50']:.2f}"
            print(line.format(job, name, *cells, commit, f"{middle:.2f} ({first:.2f}-{third:.2f})"))


def _steps(found: dict[str, Any]) -> None:
    for job, steps in found.get("steps", {}).items():
        print(f"\nwhere the time goes: {job}, ms of CPU (each step without those within it)")
        for name, value in steps.items():
            print(f"  {value:8.3f}  {name}")


def _goals(found: dict[str, Any]) -> list[str]:
    known = values(found)
    before = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
    line = "{:4} {:46} {:>8} {:>15} {:>6} {:>8} {:>9}  {}"
    print("\n" + line.format("goal", "", "value", "quartiles", "must", "stretch", "baseline", ""))
    missed = []
    for goal in GOALS:
        if goal.number not in known:
            print(line.format(goal.number, goal.says, "", "", "", "", "", "not measured"))
            continue
        first, middle, third = known[goal.number]
        verdict = goal.verdict(middle)
        if verdict == "missed":
            missed.append(goal.number)
        limits = [f"{'>=' if goal.is_share else '<='}{v:g}" for v in (goal.must, goal.stretch)]
        was = before.get("goals", {}).get(goal.number, "")
        between = f"{first:.2f}-{third:.2f}" if first != third else ""
        print(
            line.format(
                goal.number, goal.says, f"{middle:.2f}", between, *limits, str(was), verdict
            )
        )
    return missed


def _tree(value: Any, depth: int) -> None:
    if not isinstance(value, dict):
        print("  " * depth + _text(value))
        return
    for name, part in value.items():
        if isinstance(part, dict):
            print("  " * depth + str(name))
            _tree(part, depth + 1)
        else:
            print("  " * depth + f"{name}: {_text(part)}")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "none"
    return f"{value:.3g}" if isinstance(value, float) and value < 100 else str(value)
