"""Owns the commands for private notes: keep one, read them again."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.client.command_line import connected, online, write_private
from gateway.errors import Invalid, Problem
from gateway.schemas.codes import NoteKind, Purpose


def add(commands: Any) -> None:
    """Add `note` and `notes` to the commands."""
    note = online(commands.add_parser("note", help="keep a note that you alone can read"), _note)
    note.add_argument("reference")
    note.add_argument("file", type=Path, help="the text; it is sealed before it leaves")
    note.add_argument("--kind", choices=list(NoteKind), default=NoteKind.RESEARCH)

    notes = online(commands.add_parser("notes", help="read your own notes about a case"), _notes)
    notes.add_argument("reference")
    notes.add_argument("--purpose", default=Purpose.P2, choices=list(Purpose), help="default: P2")
    notes.add_argument("--out", type=Path, help="write to this file, for you alone to read")


def _note(given: argparse.Namespace) -> None:
    try:
        text = given.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Invalid("The file cannot be read.", Problem("unreadable", "")) from None
    with connected(given) as gateway:
        note = gateway.notes.keep(given.reference, text, given.kind)
    print(f"Kept, sealed to your own key: {note}.")


def _notes(given: argparse.Namespace) -> None:
    with connected(given) as gateway:
        found = gateway.notes.read(given.reference, given.purpose)
    text = json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1)
    if given.out is None:
        print(text)
    else:
        write_private(given.out, text)
        print("Written. The file holds what must not be passed on; delete it when you are done.")
    shut = sorted({each.kid for each in found if each.text is None})
    if shut:
        lacking = ", ".join(shut)
        print(f"Not opened, for want of a folder in `older_keys`: {lacking}", file=sys.stderr)
