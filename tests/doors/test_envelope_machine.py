"""Any history of sealing, spoiling, forwarding and sending again: only originals pass, and once.

Two gateways and two agencies that are registered at both. Whoever opened a document may do with
it what they like; the machine says beforehand which deliveries hold, and both directions are
checked: nothing else is taken in, and nothing that holds is refused.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway import ledger
from gateway.agencies.inbox import JSON_TYPE, Answer, keep_answer, receive
from gateway.demo.registrars import Registrars
from gateway.errors import GatewayError, Unavailable
from gateway.rules.facts import Caller
from gateway.schemas.codes import AgencyKind, Custody
from gateway.sealing import envelopes, jose
from tests.journeys.world import START, World, a_world

AGENCIES = ("one-homes", "two-homes")
WORKERS = (None, "w-1", "w-2")
BASES = ("https://here.example", "https://elsewhere.example")
FORM = "decision/1"
DECISIONS = ("ACCEPT", "EMERGENCY")
LIFE = 300


@dataclass(frozen=True)
class Agency:
    """The keys of an agency, the same at both gateways."""

    agency_id: str
    sig: dict[str, str] = field(default_factory=lambda: jose.new_private("sig"))
    enc: dict[str, str] = field(default_factory=lambda: jose.new_private("enc"))

    def sign(self, claims: Any) -> str:
        key = jose.import_private(self.sig, "sig")
        return jose.sign(json.dumps(claims).encode(), key, self.sig["kid"], envelopes.DOCUMENT)


@dataclass(frozen=True)
class Place:
    """One gateway."""

    base: str
    world: World

    def enclose(self, signed: str) -> str:
        jwk = self.world.keys.encryption.public[0]
        key = jose.import_public(jwk, "enc")
        return jose.encrypt(signed.encode(), key, jwk["kid"], envelopes.ENVELOPE, "JWT")


@dataclass(frozen=True)
class Envelope:
    """What travels. `is_whole` and `is_signed`: nothing outside or inside was changed."""

    body: str
    signed: str
    by: int
    to: int
    worker: str | None
    jti: str
    iat: datetime
    document: dict[str, str]
    lies_at: int  # to whose key it is encrypted
    is_whole: bool = True
    is_signed: bool = True


@pytest.fixture(scope="module")
def places(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[tuple[Place, ...], tuple[Agency, ...]]]:
    known = tuple(Agency(name) for name in AGENCIES)
    with ExitStack() as stack:
        made = []
        for base in BASES:
            folder = tmp_path_factory.mktemp("gateway")
            path = shutil.copy(sqlite_template, folder / "gateway.db")
            world = stack.enter_context(a_world(f"sqlite:///{path}", folder))
            for agency in known:
                enrol(world, agency)
            made.append(Place(base, world))
        yield tuple(made), known


def enrol(world: World, agency: Agency) -> None:
    public = {"keys": [jose.public_part(agency.sig), jose.public_part(agency.enc)]}
    Registrars(world.sessions, world.keys).register(
        now=world.now,
        agency_id=agency.agency_id,
        name=agency.agency_id,
        kind=AgencyKind.LANDLORD,
        area="MARLBURY",
        custody=Custody.OWN,
        jwks=public,
    )


class Envelopes(RuleBasedStateMachine):
    """What agencies, gateways and the wire between them can do with documents."""

    gateways: tuple[Place, ...]
    known: tuple[Agency, ...]

    held = Bundle("held")

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.taken: dict[tuple[int, int, str], dict[str, str]] = {}  # gateway, agency, jti
        self.sealed: dict[str, Envelope] = {}

    # --- honest acts ----------------------------------------------------------------------------

    @rule(
        target=held,
        by=st.integers(0, 1),
        to=st.integers(0, 1),
        worker=st.sampled_from(WORKERS),
        decision=st.sampled_from(DECISIONS),
    )
    def seal(self, by: int, to: int, worker: str | None, decision: str) -> Envelope:
        document = {"decision": decision}
        now = int(self.now.timestamp())
        claims = {
            "iss": AGENCIES[by],
            "aud": BASES[to],
            "iat": now,
            "exp": now + LIFE,
            "jti": str(uuid.uuid4()),
            "form": FORM,
            "document": document,
            **({"worker": worker} if worker else {}),
        }
        signed = self.known[by].sign(claims)
        made = Envelope(
            self.gateways[to].enclose(signed),
            signed,
            by,
            to,
            worker,
            str(claims["jti"]),
            self.now,
            document,
            to,
        )
        self.sealed[made.jti] = made
        return made

    @rule(seconds=st.sampled_from([1, 60, LIFE - 1, LIFE]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    # --- what can be done to a document -----------------------------------------------------------

    @rule(target=held, one=held, part=st.integers(0, 4), place=st.integers(0, 10**6))
    def spoil_outside(self, one: Envelope, part: int, place: int) -> Envelope:
        parts = one.body.split(".")
        parts[part] = other_symbol(parts[part], place)
        return replace(one, body=".".join(parts), is_whole=False)

    @rule(target=held, one=held, part=st.integers(0, 2), place=st.integers(0, 10**6))
    def spoil_inside(self, one: Envelope, part: int, place: int) -> Envelope:
        """By whoever opened it: a gateway, or a client before it seals."""
        parts = one.signed.split(".")
        parts[part] = other_symbol(parts[part], place)
        return self._enclosed(replace(one, signed=".".join(parts), is_signed=False))

    @rule(
        target=held,
        one=held,
        change=st.sampled_from(
            [
                {"iss": AGENCIES[0]},
                {"iss": AGENCIES[1]},
                {"aud": BASES[0]},
                {"aud": BASES[1]},
                {"worker": "w-2"},
                {"exp": int(START.timestamp()) + 800},
                {"jti": "another-jti-of-theirs"},
                {"document": {"decision": "REDIRECT"}},
                {"pad": "0"},
            ]
        ),
    )
    def say_something_else(self, one: Envelope, change: dict[str, Any]) -> Envelope:
        """Other claims under the signature of these."""
        header, payload, signature = one.signed.split(".")
        if not one.is_signed:
            return one
        claims = json.loads(jose.b64u_decode(payload))
        if {**claims, **change} == claims:
            return one
        forged = jose.b64u(json.dumps({**claims, **change}).encode())
        return self._enclosed(
            replace(one, signed=f"{header}.{forged}.{signature}", is_signed=False)
        )

    @rule(target=held, one=held, thief=st.integers(0, 1))
    def sign_anew(self, one: Envelope, thief: int) -> Envelope:
        """Another agency signs what it saw, still in the first one's name."""
        if not one.is_signed or thief == one.by:
            return one
        claims = json.loads(jose.b64u_decode(one.signed.split(".")[1]))
        return self._enclosed(replace(one, signed=self.known[thief].sign(claims), is_signed=False))

    @rule(target=held, one=held)
    def encrypt_anew(self, one: Envelope) -> Envelope:
        """The same signed document in a new envelope to the same gateway."""
        return self._enclosed(one)

    @rule(target=held, one=held)
    def forward(self, one: Envelope) -> Envelope:
        """A gateway opens it and encrypts it to the other one."""
        return self._enclosed(replace(one, lies_at=1 - one.lies_at))

    @rule(target=held, one=held, other=held, part=st.integers(0, 4))
    def splice(self, one: Envelope, other: Envelope, part: int) -> Envelope:
        """A part of one envelope in another."""
        parts, theirs = one.body.split("."), other.body.split(".")
        if len(theirs) != 5 or parts[part] == theirs[part]:
            return one
        parts[part] = theirs[part]
        return replace(one, body=".".join(parts), is_whole=False)

    def _enclosed(self, one: Envelope) -> Envelope:
        body = self.gateways[one.lies_at].enclose(one.signed)
        return replace(one, body=body, is_whole=True)

    # --- delivery ---------------------------------------------------------------------------------

    @rule(one=held, to=st.integers(0, 1), by=st.integers(0, 1), worker=st.sampled_from(WORKERS))
    def send(self, one: Envelope, to: int, by: int, worker: str | None) -> None:
        """Any envelope, anywhere, with anybody's token."""
        self._deliver(one, to, by, worker)

    @rule(one=consumes(held))
    def send_as_meant(self, one: Envelope) -> None:
        """As its sender would: most of these pass, and twice is once too often."""
        self._deliver(one, one.to, one.by, one.worker)
        self._deliver(one, one.to, one.by, one.worker)

    @rule(one=held)
    def send_where_it_can_be_opened(self, one: Envelope) -> None:
        """With its sender's own token, to whichever gateway holds the key."""
        self._deliver(one, one.lies_at, one.by, one.worker)

    def _deliver(self, one: Envelope, to: int, by: int, worker: str | None) -> None:
        place = (to, by, one.jti)
        holds = (
            one.is_whole
            and one.is_signed
            and one.lies_at == to == one.to
            and one.by == by
            and one.worker == worker
            and self.now < one.iat + timedelta(seconds=LIFE)
            and place not in self.taken
        )
        got = self._take_in(one.body, to, by, worker)
        assert (got is not None) is holds, one
        if got is not None:
            self.taken[place] = got

    def _take_in(self, body: str, to: int, by: int, worker: str | None) -> dict[str, str] | None:
        gateway, key = self.gateways[to], str(uuid.uuid4())
        house = gateway.world.app.extensions["gateway"]
        caller = Caller(AGENCIES[by], AgencyKind.LANDLORD, "MARLBURY", worker_id=worker)
        try:
            with ledger.begin(
                house.sessions, house.keys, caller, self.now, profiles=house.profiles
            ) as work:
                received = receive(work, body, form=FORM, audience=gateway.base, key=key)
                keep_answer(work, key, Answer(received.digest, 201, JSON_TYPE, b"{}"))
                work.count("test")
        except Unavailable:
            raise
        except GatewayError:
            return None
        return dict(received.document)

    @invariant()
    def what_was_taken_in_is_what_was_signed(self) -> None:
        for (to, by, jti), document in getattr(self, "taken", {}).items():
            original = self.sealed[jti]
            assert document == original.document
            assert (to, by) == (original.to, original.by)


def other_symbol(text: str, place: int) -> str:
    """The same text with one symbol exchanged, so that other bytes are meant."""
    if not text:
        return "AAAA"
    place %= len(text)
    if place == len(text) - 1:  # its low bits may mean nothing
        return text + "AAAA"
    symbol = "A" if text[place] != "A" else "B"
    return text[:place] + symbol + text[place + 1 :]


def test_T07_F40_only_the_untouched_original_is_taken_in_and_once(
    places: tuple[tuple[Place, ...], tuple[Agency, ...]],
) -> None:
    machine = type("Machine", (Envelopes,), {"gateways": places[0], "known": places[1]})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=150,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
