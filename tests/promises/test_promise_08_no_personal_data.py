"""Promise 8: no personal data in the database, logs, addresses, errors or receipts.

That a referrer learns only what it sent is shown in tests/journeys/test_referrer_learns_nothing.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.sealing import jose
from gateway.store import tables as t
from tests.journeys.world import World, a_world, example, position

CASES = {
    "c1": "harbourgate-homes",
    "c2": "marlbury-college",
    "c3": "fenhollow-idva",
    "c4": "tidewell-housing",
    "c5": "marlbury-hospital",
}
CODE = re.compile(r"[A-Z0-9_@./+-]+|[a-z]{2}(-[A-Z]{2})?|[a-z0-9-]+|\d{4}-\d\d-\d\d.*|\d\d:\d\d")
# In megabytes of ciphertext a name of five letters comes up by chance, one run in twenty.
SEALED = re.compile(r"[A-Za-z0-9_-]{60,}")


def leaves(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)


def planted(world: World) -> set[str]:
    """What the five stories tell of people: names, addresses, numbers, sentences; no codes."""
    public = {str(row["name"]).casefold() for row in world.rows(t.agency)}
    public |= {"marlbury", "fenhollow"}
    words = {
        leaf
        for name in CASES
        for part in ("document", "sealed")
        for leaf in leaves(example(name)[part])
        if len(leaf) >= 5 and (not CODE.fullmatch(leaf) or re.fullmatch(r"\d{10,}", leaf))
    }
    return {word for word in words if not any(word.casefold() in name for name in public)}


def dump(world: World) -> bytes:
    """Everything that the database holds, in one heap of bytes."""
    heap = bytearray()
    for table in t.metadata.sorted_tables:
        for row in world.rows(table):
            for value in row.values():
                as_bytes = value if isinstance(value, bytes) else str(value).encode()
                heap += as_bytes + b"\0"
    if world.engine.dialect.name == "sqlite":
        file = world.url.removeprefix("sqlite:///")
        for suffix in ("", "-wal"):
            try:
                with open(file + suffix, "rb") as raw:
                    heap += raw.read()
            except FileNotFoundError:
                continue
    return bytes(heap)


@pytest.fixture(scope="module")
def lived(shared_world: World) -> tuple[World, dict[str, str], str]:
    """All five cases lived through, with what was logged meanwhile."""
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(f"{record.getMessage()} {record.args!r} {record.exc_info!r}")

    keep, root = Keep(logging.DEBUG), logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        refs = live(shared_world)
    finally:
        root.removeHandler(keep)
        root.setLevel(level)
    return shared_world, refs, "\n".join(records)


def live(world: World) -> dict[str, str]:
    refs = {
        name: world.client(agency).refer(example(name)).reference for name, agency in CASES.items()
    }
    coordinator = world.client("marlbury-marac")
    conference = coordinator.create_conference(
        {
            "area": "MARLBURY",
            "starts_at": "2026-12-08T09:30:00Z",
            "attendees": ["marlbury-police", "marlbury-idva", "harbourgate-homes"],
        }
    )["conference"]
    for name, ref in refs.items():
        coordinator.decide(ref, {"decision": "ACCEPT"})
        coordinator.list_case(conference, ref)
        idva = world.client("aster-women" if name == "c2" else "marlbury-idva")
        idva.list_cases()
        idva.pull(ref, "P2")
        idva.acknowledge(ref, "ACCEPTED")
        world.client(CASES[name]).referral(ref)
        world.client(CASES[name]).record_position(ref, position("GIVEN"))
    for form in ("json", "html"):
        coordinator.agenda(conference, form=form)
    wrong = example("c1", victim__position="Elena Marsh-Okoro", victim__nhs_number="9990001023")
    wrong["document"]["Elena Marsh-Okoro"] = "12 Tern Court"
    for form_file in (wrong, example("c2", override_record__decided_at="Kamal Renn")):
        with pytest.raises(ProblemError):
            world.client("harbourgate-homes").refer(form_file)
    return refs


Lived = tuple[World, dict[str, str], str]


def test_promise_08_there_is_something_to_look_for(lived: Lived) -> None:
    words = planted(lived[0])
    assert len(words) > 400
    assert {"Elena", "Marsh-Okoro", "12 Tern Court", "07700 900123", "9990001022"} <= words
    assert {"Lantern House", "Safiya", "Kamal", "Keira", "4 Plover Close"} <= words


def test_promise_08_nothing_told_stands_in_the_database(lived: Lived) -> None:
    heap = dump(lived[0])
    assert len(heap) > 100_000
    assert [word for word in planted(lived[0]) if word.encode() in heap] == []


def test_promise_08_V18_nothing_told_is_logged(lived: Lived) -> None:
    world, refs, said = lived
    assert [word for word in planted(world) if word in said] == []
    for ref in refs.values():
        assert ref not in said


def test_promise_08_V18_an_address_is_made_of_references_and_codes(lived: Lived) -> None:
    world = lived[0]
    assert len(world.asked) > 50
    words = planted(world)
    for _, path in world.asked:
        assert not [word for word in words if word in path]
        bare, _, query = path.partition("?")
        assert re.fullmatch(r"[A-Za-z0-9/._-]+", bare)
        assert re.fullmatch(r"([a-z]+=[A-Za-z0-9_-]+(&|$))*", query)


def test_promise_08_no_error_repeats_what_was_sent(lived: Lived) -> None:
    world = lived[0]
    errors = [a for a in world.answers if a.media_type == "application/problem+json"]
    assert errors
    words = planted(world)
    for answer in errors:
        text = answer.body.decode()
        assert [word for word in words if word in text] == []


def test_promise_08_no_answer_shows_anything_on_the_wire(lived: Lived) -> None:
    """Whatever is told is sealed to an agency; only codes, ids and times travel open."""
    world = lived[0]
    words = planted(world)
    for answer in world.answers:
        text = SEALED.sub("", answer.body.decode("utf-8", errors="replace"))
        assert [word for word in words if word in text] == []


def test_promise_08_no_receipt_tells_of_a_person(lived: Lived) -> None:
    world = lived[0]
    receipts = 0
    words = planted(world)
    for answer in world.answers:
        parts = answer.body.decode("ascii", errors="replace").split(".")
        if answer.media_type != "application/jose" or len(parts) != 3:
            continue
        receipts += 1
        claims = jose.b64u_decode(parts[1]).decode()
        assert [word for word in words if word in claims] == []
    assert receipts >= len(CASES) * 2


def test_promise_08_the_log_itself_tells_no_story(lived: Lived) -> None:
    """Even opened with its keys, an entry holds codes, ids and counts."""
    world = lived[0]
    text = json.dumps(world.log())
    assert len(world.log()) > 50
    assert [word for word in planted(world) if word in text] == []


def test_promise_08_no_library_writes_a_token(
    sqlite_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where somebody lets everything be logged."""
    caplog.set_level(logging.DEBUG)
    token = sqlite_world.wire("marlbury-idva").token("cases:read")
    assert token not in caplog.text


def test_V41_the_index_of_people_holds_keyed_tokens_alone(
    lived: Lived, sqlite_url: str, tmp_path: Path
) -> None:
    """The same people under other keys leave no token in common."""
    with a_world(sqlite_url, tmp_path / "elsewhere") as elsewhere:
        elsewhere.client("harbourgate-homes").refer(example("c1"))
        there = {row["token"] for row in elsewhere.rows(t.party_token)}
    here = {row["token"] for row in lived[0].rows(t.party_token)}
    assert here
    assert there
    assert not here & there
    assert {len(token) for token in here} == {32}


def test_V26_an_agenda_page_holds_no_ids_of_ours(lived: Lived) -> None:
    world, refs, _ = lived
    conference = world.rows(t.conference)[0]["id"]
    page = str(world.client("marlbury-marac").agenda(conference, form="html"))
    for ref in refs.values():
        assert world.case_of(ref) not in page
