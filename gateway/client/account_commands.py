"""Owns the commands that account for disclosures: what an agency was given, who looked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gateway.client.command_line import connected, online, write_private


def add(commands: Any) -> None:
    """Add `receipts`, `looks` and `statement` to the commands."""
    receipts = online(
        commands.add_parser("receipts", help="see what an agency was given of a case, until when"),
        _receipts,
    )
    receipts.add_argument("reference")
    receipts.add_argument("--agency", metavar="ID", help="as coordinator or auditor; else your own")
    receipts.add_argument("--until", metavar="TIME", help="such as 2026-11-23T10:00:00Z; else now")
    receipts.add_argument("--out", type=Path, help="keep all receipts, for you alone to read")

    looks = online(
        commands.add_parser("looks", help="see who looked at what you contributed"), _looks
    )
    looks.add_argument("--cursor", help="what the last list gave; without it, from the start")

    statement = online(
        commands.add_parser("statement", help="who looked, in plain words for the survivor"),
        _statement,
    )
    statement.add_argument("reference")
    statement.add_argument("--out", type=Path, required=True, help="a file for you alone to read")


def _statement(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.accounts.statement(given.reference)
    write_private(given.out, found["text"])
    print("Written. Hand it over only where nobody else finds it; then delete the file.")


def _receipts(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.accounts.receipts(given.reference, given.agency, until=given.until)
    for row in found["known"]:
        print(f"{row['section']}  {row['level']}  first {row['first_at']}  last {row['last_at']}")
    receipts = len(found["receipts"])
    print(f"{receipts} receipts of {found['agency']} until {found['until']}.")
    if given.out is not None:
        write_private(given.out, json.dumps(found, ensure_ascii=False, indent=1))
        print("Written. gateway-verify receipt checks each of your own offline.")


def _looks(given: argparse.Namespace) -> None:
    count, cursor = 0, given.cursor
    with connected(given) as gateway:
        for page in gateway.accounts.looks(given.cursor):
            cursor = page["next"]
            for each in page["looks"]:
                what = ", ".join(each["sections"])
                print(f"{each['at']}  {each['reference']}  {each['agency'] or '-'}  {what}")
                count += 1
    print(f"{count} new. Next time: --cursor {cursor}")
