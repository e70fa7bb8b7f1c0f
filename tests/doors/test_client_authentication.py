"""Every failure of client authentication is one answer, after the same work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc import jws
from sqlalchemy import event
from werkzeug.test import TestResponse

from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind
from gateway.sealing import jose
from tests.doors.oauth import ASSERTION_TYPE, BASE, Agency, Door, a_door, signed

ENDPOINTS = ("token", "introspect", "revoke")
Make = Callable[[Door, Agency], str]


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[Door]:
    with a_door(database_url, tmp_path) as door:
        yield door


@pytest.fixture
def idva(door: Door) -> Agency:
    return door.enrol("idva", AgencyKind.IDVA)


def by(door: Door, agency_id: str, kid: str, alg: str = "ES256") -> str:
    """An assertion by a stranger who says to be this agency, with this key."""
    agency = Agency(agency_id, door)
    if alg == "ES256":
        return agency.assertion(header={"kid": kid})
    head = json.dumps({"alg": alg, "kid": kid}).encode()
    lengths = {"Ed25519": 64, "PS256": 384}
    return ".".join(
        jose.b64u(part)
        for part in (head, json.dumps(agency.claims()).encode(), b"x" * lengths[alg])
    )


def ended(door: Door, idva: Agency) -> str:
    """A sound assertion, by a key that was stopped."""
    other = door.rekey(idva, overlap=24)
    with door.work() as work:
        agencies.end_key(work, agency_id="idva", kid=other.sig["kid"])
    return other.assertion()


# What tells an agency that is there from one that is not, if anything does.
ALIKE: dict[str, Make] = {
    "an unknown agency": lambda door, _: by(door, "nobody", "key-1"),
    "an unknown key": lambda door, idva: by(door, "idva", "key-1"),
    "a stranger under the right key's id": lambda door, idva: by(door, "idva", idva.sig["kid"]),
    "the key of another use": lambda door, idva: by(door, "idva", idva.enc["kid"]),
    "a key that has ended": ended,
}
OTHER_ALGORITHMS: dict[str, Make] = {
    f"{alg} by {who}": (lambda door, idva, who=who, alg=alg: by(door, who, idva.sig["kid"], alg))
    for alg in ("Ed25519", "PS256")
    for who in ("nobody", "idva")
}
# Known by the signature alone, which only the agency makes.
PROVEN: dict[str, Make] = {
    "another audience": lambda _, idva: idva.assertion(aud="https://other.example"),
    "several audiences": lambda _, idva: idva.assertion(aud=[BASE]),
    "expired": lambda _, idva: idva.assertion(exp=0),
    "without an id": lambda _, idva: idva.assertion(jti=None),
    "an unknown worker": lambda _, idva: idva.assertion(worker="nobody"),
    "garbage": lambda *_: "garbage",
    "nothing": lambda *_: "",
    "a document": lambda _, idva: signed(
        {"kid": idva.sig["kid"], "typ": "marac-document+jws"},
        idva.claims(),
        jose.import_private(idva.sig, "sig"),
    ),
}


def send(agency: Agency, endpoint: str, assertion: str, **more: str) -> TestResponse:
    form = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "token": "x",
        "grant_type": "client_credentials",
        "scope": "cases:read",
        **more,
    }
    headers = {"DPoP": agency.proof(path=f"/oauth/{endpoint}")}
    return agency.door.client.post(f"/oauth/{endpoint}", data=form, headers=headers)


def whole(answer: TestResponse) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """All that a caller sees."""
    return answer.status_code, answer.data, tuple(sorted(answer.headers.items()))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_F3_every_failure_is_one_answer_byte_for_byte(
    door: Door, idva: Agency, endpoint: str
) -> None:
    seen = {}
    for name, make in {**ALIKE, **OTHER_ALGORITHMS, **PROVEN}.items():
        seen[name] = whole(send(idva, endpoint, make(door, idva)))
    suspended = door.enrol("homes")
    with door.work() as work:
        agencies.suspend(work, agency_id="homes")
    seen["a suspended agency"] = whole(send(idva, endpoint, suspended.assertion()))
    used = idva.assertion()
    assert send(idva, endpoint, used).status_code == 200
    seen["an assertion used before"] = whole(send(idva, endpoint, used))
    seen["another client_id"] = whole(send(idva, endpoint, idva.assertion(), client_id="homes"))
    seen["another kind of assertion"] = whole(
        send(idva, endpoint, idva.assertion(), client_assertion_type="x")
    )
    answer = seen["nothing"]
    assert {name: got for name, got in seen.items() if got != answer} == {}
    assert answer[0] == 401
    assert json.loads(answer[1]) == {
        "error": "invalid_client",
        "error_description": "The client could not be authenticated.",
    }
    assert dict(answer[2])["Cache-Control"] == "no-store"


def work_of(door: Door, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> Counter[str]:
    """The statements and signature checks behind a request."""
    done: Counter[str] = Counter()
    engine = door.house.sessions.kw["bind"]
    validate = jws.validate_compact

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        done[statement] += 1

    def checked(*args: object, **kwargs: object) -> object:
        done["signature"] += 1
        return validate(*args, **kwargs)  # type: ignore[arg-type]

    event.listen(engine, "before_cursor_execute", note)
    monkeypatch.setattr(jws, "validate_compact", checked)
    act()
    monkeypatch.setattr(jws, "validate_compact", validate)
    event.remove(engine, "before_cursor_execute", note)
    return done


def test_F3_who_is_registered_does_not_show_in_the_work(
    door: Door, idva: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No agency, no such key, somebody else's signature: the same statements and checks."""

    def all_alike(makers: dict[str, Make]) -> Counter[str]:
        done = {}
        for name, make in makers.items():
            assertion = make(door, idva)
            done[name] = work_of(
                door, monkeypatch, lambda assertion=assertion: send(idva, "introspect", assertion)
            )
        first = next(iter(done.values()))
        assert {name: work for name, work in done.items() if work != first} == {}
        return first

    assert all_alike(ALIKE)["signature"] == 1
    assert all_alike(OTHER_ALGORITHMS)["signature"] == 1


def test_the_true_reason_is_kept(door: Door, idva: Agency) -> None:
    send(idva, "token", ALIKE["an unknown agency"](door, idva))
    send(idva, "token", ALIKE["a stranger under the right key's id"](door, idva))
    send(idva, "token", PROVEN["another audience"](door, idva))
    counted = door.failures()
    for reason in ("assertion-key", "assertion-signature", "assertion-audience"):
        assert counted[reason] == 1
