"""Owns the end of the demonstration: the log verified, and nothing readable left anywhere."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from gateway import ledger
from gateway.client import verify
from gateway.demo.forms import Form
from gateway.demo.play import Stage
from gateway.demo.stories import LANDLORD
from gateway.errors import GatewayError
from gateway.sealing import keys
from gateway.store.engine import make_engine, make_sessions

SHORTEST = 5  # four letters turn up in a megabyte of random bytes, five do not
_ENCODED = re.compile(rb"[A-Za-z0-9_-]{24,}")
_PERSONAL = frozenset(
    {
        *("given_names", "family_name", "aliases", "former_names", "spelling_variants"),
        *("lines", "postcode", "phones", "phone", "email", "nhs_number", "vehicles"),
        *("po_box", "organisation"),
    }
)


def of_log(stage: Stage) -> None:
    """Verify the whole log, one entry's inclusion, and that it only ever grew."""
    stage.show.title("The access log")
    held = keys.load(stage.place.settings.keys)
    engine = make_engine(stage.place.settings.database_url)
    sessions = make_sessions(engine)
    ledger.sequence(sessions, held, now=datetime.now(UTC))
    report = ledger.verify(sessions, held, deep=True)
    engine.dispose()
    public = ledger.verifier_keys(held)
    proof = stage.receipts["c1"].claims["log"]
    client = stage.agency(LANDLORD)
    stage.note("log", {"verified": bool(report), "what": report.what})
    stage.show.step("Every leaf, node, tag, sealed record and checkpoint is checked again.")
    stage.show.fact("verified", f"{report.entries} entries {report.what}".strip())
    answer = client.log_entry(proof["commitment"])
    old = verify.open_checkpoint(proof["checkpoint"], public)
    try:
        new = verify.check_inclusion(answer, public, verify.base64url(proof["commitment"]))
        growth = client.log_growth(old.size, new.size)
        verify.check_consistency(old, new, [verify.base64url(each) for each in growth["proof"]])
        said = "included, and only added to since"
    except (verify.NotVerified, verify.Unreadable, GatewayError) as fault:
        said = str(fault)
    stage.note("log", {"receipt": said})
    stage.show.step("The landlord checks the entry of its C1 receipt by itself (gateway-verify).")
    stage.show.fact("entry", f"{answer.get('index')} of {answer.get('size')}: {said}")
    _who_looked(stage)


def _who_looked(stage: Stage) -> None:
    stage.show.step("Who read what the landlord contributed to C1:")
    found = stage.agency(LANDLORD).access(stage.receipts["c1"].reference)
    reads = [each for each in found["entries"] if each["event"] == "case.read"]
    stage.note("log", {"readers_of_c1": sorted({each["agency"] for each in reads})})
    rows = [
        (each["t"], each["agency"], each["worker"] or "-", each["purpose"], each["because"])
        for each in reads
    ]
    stage.show.table(("when", "agency", "worker", "why", "basis"), rows)


# --- nothing readable ---------------------------------------------------------------------------


def of_silence(stage: Stage) -> None:
    """Search database, output and wire for everything that must not be readable there."""
    stage.show.title("What lies on the disk and went over the wire")
    wanted = planted(stage.sent)
    plain = json.dumps(stage.sent, ensure_ascii=False).encode()
    files = [path for path in sorted(stage.place.folder.rglob("*")) if path.is_file()]
    output = stage.place.output.read_bytes()
    found = {
        "searched_for": len(wanted),
        "in_forms": len(found_in(wanted, plain)) == len(wanted),  # the search itself works
        "in_files": sum(len(found_in(wanted, each.read_bytes())) for each in files),
        "in_output": len(found_in(wanted, output)),
        "on_wire": len({name for each in stage.wire.kept for name in found_in(wanted, each)}),
    }
    stage.note("silence", found)
    sizes = f"{sum(map(len, stage.wire.kept)) // 1024} KiB"
    stage.show.step(f"{len(wanted)} names, address lines and numbers of the forms are looked for.")
    stage.show.fact("on disk", f"{found['in_files']} found in {len(files)} files")
    stage.show.fact("output", f"{found['in_output']} found in {len(output)} bytes")
    stage.show.fact("wire", f"{found['on_wire']} found in {sizes} of requests and answers")


def planted(forms: Iterable[Form]) -> dict[str, re.Pattern[bytes]]:
    """Everything in the forms that names, locates or reaches a person, as it is looked for.

    A short word counts only between characters that no encoding uses.
    """
    words = sorted({word for form in forms for word in _words(form, personal=False)})
    return {word: _sought(word) for word in words if len(word) >= SHORTEST}


def found_in(wanted: dict[str, re.Pattern[bytes]], data: bytes) -> set[str]:
    """Which of the words are readable in some bytes, as they are or merely encoded."""
    layers = [data]
    for run in _ENCODED.findall(data):
        layers.append(base64.urlsafe_b64decode(run[: len(run) // 4 * 4]))
    text = b"\n".join(layers)
    # A plain search is a hundred times faster, and mostly says no.
    return {w for w, exact in wanted.items() if w.encode() in text and exact.search(text)}


def _sought(word: str) -> re.Pattern[bytes]:
    return re.compile(
        rb"(?<![A-Za-z0-9_+/=-])" + re.escape(word.encode()) + rb"(?![A-Za-z0-9_+/=-])"
    )


def _words(value: Any, *, personal: bool) -> Iterator[str]:
    if isinstance(value, str):
        if personal:
            yield value
    elif isinstance(value, list):
        for each in value:
            yield from _words(each, personal=personal)
    elif isinstance(value, dict):
        if {"channel", "value"} <= value.keys():
            yield value["value"]
        for name, each in value.items():
            yield from _words(each, personal=(personal and name == "value") or name in _PERSONAL)


ALL = (of_log, of_silence)
