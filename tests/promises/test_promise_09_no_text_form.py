"""Promise 9: what tells where somebody is has no text form; only registered ways out write it."""

from __future__ import annotations

import ast
import copy
import io
import json
import logging
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from jinja2 import Environment

from gateway import ledger
from gateway.disclosure import disclose, seal_answer, ways
from gateway.disclosure.ways import Way
from gateway.profiles import fields
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas import protected
from gateway.schemas.codes import AgencyKind, Purpose
from gateway.schemas.json_text import dump
from gateway.schemas.protected import SHOWN, TYPES, Protected, reveal, shield, type_of
from tests.journeys.test_canaries import SENDER
from tests.journeys.world import World, example, world
from tests.test_house import ROOT

__all__ = ["world"]
SECRET = "Quillfeather"
KINDS = sorted({*TYPES.values()}, key=lambda kind: kind.__name__)
# Every place that takes a protected value out of its type, and why it may.
REVEALING = {
    "gateway.schemas.protected": "the types themselves",
    "gateway.rules.leaks": "looks for other values inside it",
    "gateway.disclosure.answers": "writes what was searched, sealed to its reader",
    "gateway.client.gateway": "hands the opened section to the agency's own program",
    "gateway.flows.cases.showing": "a page for the person who said why, of what was searched",
    "gateway.flows.cases.contacting": "how she is reached, for her adviser who said why",
    "gateway.flows.referrals.mending": "what an agency sent itself, back into its pages",
    "gateway.demo": "invented people",
}
WAYS_TO_TEXT: dict[str, Callable[[Protected], object]] = {
    "str": str,
    "repr": repr,
    "format": format,
    "width": lambda value: format(value, ">40"),
    "f-string": lambda value: f"{value}",
    "conversion": lambda value: f"{value!r:>30}",
    "percent": lambda value: "%s" % value,  # noqa: UP031 - one of the ways
    "format method": lambda value: "{} {0!r}".replace("{}", "{0}").format(value),
    "list": lambda value: str([value]),
    "dict": lambda value: str({"a": value}),
    "exception": lambda value: str(ValueError(value)),
    "template": lambda value: _rendered(value),
    "log": lambda value: _logged(value),
    "bytes": lambda value: bytes(value),  # type: ignore[call-overload]
    "join": lambda value: "".join([value]),  # type: ignore[list-item]
    "add": lambda value: "at " + value,  # type: ignore[operator]
    "iterate": lambda value: list(value),  # type: ignore[call-overload]
    "index": lambda value: value[0],  # type: ignore[index]
    "vars": lambda value: vars(value),
    "truth": bool,
    "json": json.dumps,
    "json key": lambda value: json.dumps({value: 1}),
    "our json": dump,
    "msgspec": msgspec.json.encode,
    "msgpack": msgspec.msgpack.encode,
    "pickle": pickle.dumps,
    "old pickle": lambda value: pickle.dumps(value, 0),
    "hash": lambda value: str(hash(value) == hash(type(value)("another"))),
}


def _rendered(value: Protected) -> str:
    return Environment(autoescape=True).from_string("{{ value }}").render(value=value)


def _logged(value: Protected) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.handle(logging.LogRecord("a", 20, "a", 1, "%s %r", (value, value), None))
    return stream.getvalue()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("way", WAYS_TO_TEXT)
def test_promise_09_V37_a_protected_value_has_no_text_form(kind: type[Protected], way: str) -> None:
    value = kind(SECRET)
    try:
        said = WAYS_TO_TEXT[way](value)
    except (TypeError, AttributeError) as error:
        said = error
    assert SECRET not in str(said)
    assert SECRET not in repr(said)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_protected_value_is_itself_wherever_it_is_carried(kind: type[Protected]) -> None:
    value = kind(SECRET)
    assert value == kind(SECRET)
    assert value != kind("another")
    assert value != SECRET
    assert copy.deepcopy({"a": [value]}) == {"a": [value]}
    assert str(value) == SHOWN
    assert reveal({"a": [value, "b"], "c": 1}) == {"a": [SECRET, "b"], "c": 1}
    with pytest.raises(AttributeError):
        value.said = "more"  # type: ignore[attr-defined]
    assert len({kind(SECRET), *(other(SECRET) for other in KINDS)}) == len(KINDS)


def test_promise_09_every_protected_field_has_a_type() -> None:
    table = fields.load()
    shown = {path: type_of(path) for paths in table.protected.values() for path in paths}
    shown |= {row.path: type_of(row.path) for row in table.rows.values() if row.is_protected}
    assert {*shown.values()} == {*TYPES.values()}


def test_every_text_at_a_protected_path_is_shielded_and_no_other() -> None:
    given: dict[str, Any] = {
        "children": [{"school": {"name": "Tern", "urn": "123456"}}, {}, {"school": None}],
        "victim": {"employer": "Gull", "occupation": "cook"},
    }
    paths = ["children[].school.name", "victim.employer", "nobody.school.name", "victim.school[]"]
    found = shield(given, paths)
    assert found["children"][0]["school"] == {"name": protected.School("Tern"), "urn": "123456"}
    assert found["victim"] == {"employer": protected.Workplace("Gull"), "occupation": "cook"}
    assert reveal(found) == given
    assert given["victim"]["employer"] == "Gull"


def test_promise_09_only_known_places_reveal_a_protected_value() -> None:
    found = set()
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if _reveals(node)]
        if calls:
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.add("gateway.demo" if module.startswith("gateway.demo") else module)
    assert found == set(REVEALING)


def _reveals(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (isinstance(called, ast.Name) and called.id == "reveal") or (
        isinstance(called, ast.Attribute) and called.attr == "reveal"
    )


@pytest.mark.parametrize("form", [form for form, way in ways.FORMS.items() if way is Way.CODES])
def test_promise_09_a_way_of_codes_cannot_write_a_protected_value(world: World, form: str) -> None:
    caller = Caller("marlbury-idva", AgencyKind.IDVA, "MARLBURY")
    with ledger.begin(world.sessions, world.keys, caller, world.now) as work:
        entry = work.record("case.read", None, because="own")
        with pytest.raises(TypeError, match="Refuge"):
            seal_answer(
                work,
                issuer="https://gateway.example",
                form=form,
                document={"where": protected.Refuge(SECRET)},
                purpose=Purpose.P9,
                entry=entry,
                cases=(),
            )


def test_promise_09_what_the_gateway_opens_has_no_text_form(world: World) -> None:
    form = example("c3", victim__employer=SECRET)
    reference = world.client(SENDER).refer(form).reference
    caller = Caller("marlbury-idva", AgencyKind.IDVA, "MARLBURY")
    profiles = Profiles.load()
    with ledger.begin(world.sessions, world.keys, caller, world.now, profiles=profiles) as work:
        found = disclose(work, world.case_of(reference), Purpose.P2)
    assert any(piece.section == "employment" for piece in found.pieces)
    assert SECRET not in str([piece.content for piece in found.pieces])
    assert protected.Workplace(SECRET) == found.find("employment")["victim"]["employer"]


def test_a_clients_opened_section_is_shown_to_who_reveals_it_alone(world: World) -> None:
    form = example("c3")
    reference = world.client(SENDER).refer(form).reference
    pulled = world.client("marlbury-idva").pull(reference, "P2")
    assert isinstance(pulled.sealed["protected_address"], protected.ProtectedAddress)
    assert isinstance(pulled.sealed["safe_contact"], protected.SafeContact)
    assert "Lantern" not in f"{pulled} {pulled.sealed}"
    inner = pulled.sealed["protected_address"].reveal()
    assert inner["organisation"] == protected.Refuge(
        form["sealed"]["protected_address"]["organisation"]
    )
    assert pulled.reveal()["protected_address"]["address"]["lines"][0] == "Lantern House"
