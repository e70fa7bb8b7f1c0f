"""Owns the pack of an agency that has no sign-in: one PDF that nothing but its passphrase opens."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.disclosure import ways
from gateway.flows.conferences import Pack
from gateway.papers import pdf
from gateway.papers.request import request_view
from gateway.schemas.chance import Chance
from gateway.sealing import passphrases
from gateway.sealing.jose import b64u

FORM = "pdf"


def lock(pack: Pack, chance: Chance) -> tuple[bytes, str]:
    """Return the pack as an AES-256 PDF (ISO 32000-2, revision 6), and its passphrase.

    The passphrase is in no other place than what is returned. What the format calls the owner's
    password is of chance and forgotten, so that there is no second way in.
    """
    if FORM not in ways.PACKS:
        raise ValueError("a paper that is not a registered way out")
    import pikepdf  # late: only who makes a pack waits for it

    passphrase = passphrases.make(chance)
    locked = io.BytesIO()
    with pikepdf.open(
        io.BytesIO(pdf.paper(_view(pack), "declaration", "agenda", "request"))
    ) as one:
        key = pikepdf.Encryption(owner=b64u(chance(32)), user=passphrase, R=6)
        one.save(locked, encryption=key)
    return locked.getvalue(), passphrase


def _view(pack: Pack) -> dict[str, Any]:
    found = pack.papers
    return request_view(found, found.agenda.labels) | {
        "title": "Papers for your agency",
        "declaration": list(pack.declaration),
    }


def file_name(starts_at: datetime, zone: str) -> str:
    """A name that says a day and no more."""
    return f"papers-{starts_at.astimezone(ZoneInfo(zone)).date().isoformat()}.{FORM}"
