"""Owns the commands for actions: what there is to do, a case's plan, what became of one; counts."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gateway.client.command_line import connected, online, write_private
from gateway.errors import Invalid, Problem
from gateway.schemas.action_codes import ActionAct, NotPossible
from gateway.schemas.codes import Purpose

_ACTS = [each for each in ActionAct if each not in (ActionAct.PROPOSE, ActionAct.SEND)]


def add(commands: Any) -> None:
    """Add `actions`, `plan`, `settle`, `flags` and `report` to the commands."""
    online(commands.add_parser("actions", help="list what your agency has to do"), _actions)

    plan = online(commands.add_parser("plan", help="read the plan of a case"), _plan)
    plan.add_argument("reference")
    plan.add_argument("--purpose", default=Purpose.P9, choices=list(Purpose), help="default: P9")
    plan.add_argument("--out", type=Path, help="write to this file, for you alone to read")

    settle = online(commands.add_parser("settle", help="say what becomes of an action"), _settle)
    settle.add_argument("reference")
    settle.add_argument("number", type=int)
    settle.add_argument("act", choices=_ACTS)
    settle.add_argument("--reason", choices=list(NotPossible), help="why it cannot be done")
    settle.add_argument("--note", type=Path, help="a file with the evidence, or with more of why")

    online(commands.add_parser("flags", help="list flags that end (coordinator)"), _flags)

    report = online(commands.add_parser("report", help="count a quarter (coordinator)"), _report)
    report.add_argument("quarter", help="such as 2026-Q4")
    report.add_argument("why", choices=("NATIONAL_RETURN", "STEERING_GROUP", "OWN_WORK"))


def _actions(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.actions.list_own()
    for each in found:
        late = ", overdue" if each["is_overdue"] else ""
        print(f"{each['reference']} {each['number']} {each['status']} by {each['due_at']}{late}")


def _plan(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.actions.plan(given.reference, given.purpose)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if given.out is None:
        print(text)
        return
    write_private(given.out, text)
    print("Written. The file holds what must not be passed on; delete it when you are done.")


def _settle(given: argparse.Namespace) -> None:
    note = None
    if given.note is not None:
        try:
            note = given.note.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise Invalid("The file cannot be read.", Problem("unreadable", "")) from None
    with connected(given) as gateway:
        status = gateway.actions.settle(
            given.reference, given.number, given.act, reason=given.reason, note=note
        )
    print(f"It stands as {status}.")


def _flags(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.actions.flags()
    for each in found:
        print(f"{each['reference']} until {each['until']}{', to take off' if each['over'] else ''}")


def _report(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.actions.report(given.quarter, given.why)
    print(json.dumps(found, ensure_ascii=False, indent=1))
