"""Tokens, proofs and keys in any order of events: what ended never passes, a proof passes once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.flows import agencies
from gateway.schemas.codes import AgencyKind
from gateway.sealing import jose
from tests.database import Postgres
from tests.doors.oauth import Agency, Door, a_door

Fresh = Callable[[Path], AbstractContextManager[str]]
LIFE = 300  # seconds of a token


@dataclass(eq=False)
class Key:
    """An agency's signing key, and when it ends as far as the operators said."""

    holder: Agency
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(eq=False)
class Token:
    """A token as the agency knows it."""

    value: str
    key: Key
    ends: int  # seconds since 1970
    is_revoked: bool = False


class Tokens(RuleBasedStateMachine):
    """One agency, its keys and tokens, the operators, a thief, and the clock."""

    tokens: Bundle[Token] = Bundle("tokens")
    proofs: Bundle[tuple[Token, str]] = Bundle("proofs")

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        url = self.stack.enter_context(fresh(folder))
        self.door: Door = self.stack.enter_context(a_door(url, folder))
        self.keys = [Key(self.door.enrol("idva", AgencyKind.IDVA))]
        self.issued: list[Token] = []
        self.is_suspended = False

    def teardown(self) -> None:
        self.stack.close()

    # --- what should hold ---------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.door.now

    def may_ask(self, key: Key) -> bool:
        return key.holds(self.now) and not self.is_suspended

    def is_live(self, token: Token) -> bool:
        in_time = self.now.timestamp() < token.ends
        return in_time and not token.is_revoked and self.may_ask(token.key)

    def asker(self) -> Agency | None:
        """The agency with a key that lets it in now, if there is one."""
        return next((key.holder for key in self.keys if self.may_ask(key)), None)

    # --- what an agency does ------------------------------------------------------------------

    @initialize(target=tokens)
    def first(self) -> Token:
        return self._issue(self.keys[0])

    @rule(target=tokens, number=st.integers(0, 9))
    def issue(self, number: int) -> object:
        """Ask for a token with any key that there ever was."""
        key = self.keys[number % len(self.keys)]
        if self.may_ask(key):
            return self._issue(key)
        answer = key.holder.ask(key.holder.form("cases:read"))
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
        return self.issued[0]

    @rule(target=proofs, token=tokens)
    def use(self, token: Token) -> tuple[Token, str]:
        """Use a token with a fresh proof: it passes exactly while it is live."""
        proof = token.key.holder.proof("GET", "/v1/whoami", token=token.value)
        answer = token.key.holder.call(token.value, proof=proof)
        assert (answer.status_code == 200) is self.is_live(token)
        return token, proof

    @rule(used=proofs)
    def play_again(self, used: tuple[Token, str]) -> None:
        """A proof passed once, or never was to pass."""
        token, proof = used
        assert token.key.holder.call(token.value, proof=proof).status_code == 401

    @rule(token=tokens)
    def steal(self, token: Token) -> None:
        """Whoever has the token alone has nothing."""
        thief = Agency("idva", self.door)
        assert thief.call(token.value).status_code == 401

    @rule(token=tokens)
    def revoke(self, token: Token) -> None:
        """The agency ends a token, by whichever key lets it in."""
        asker = self.asker()
        if asker is None:
            return
        assert asker.send("revoke", token.value).status_code == 200
        token.is_revoked = True

    @rule(token=tokens)
    def introspect(self, token: Token) -> None:
        """What is told of a token is what holds."""
        asker = self.asker()
        if asker is not None:
            told = asker.send("introspect", token.value).get_json()
            assert told["active"] is self.is_live(token)

    # --- what operators do --------------------------------------------------------------------

    @precondition(lambda self: not self.is_suspended)
    @rule()
    def suspend(self) -> None:
        with self.door.work() as work:
            agencies.suspend(work, agency_id="idva")
        self.is_suspended = True

    @precondition(lambda self: self.is_suspended)
    @rule()
    def resume(self) -> None:
        with self.door.work() as work:
            agencies.resume(work, agency_id="idva")
        self.is_suspended = False

    @precondition(lambda self: len(self.keys) < 5)
    @rule(overlap=st.sampled_from([0, 1]))
    def rekey(self, overlap: int) -> None:
        """Two operators let in new keys; those of before end after the overlap."""
        other = self.door.rekey(self.keys[-1].holder, overlap=overlap)
        until = self.now + timedelta(hours=overlap)
        for key in self.keys:
            if key.holds(self.now):
                key.until = min(key.until or until, until)
        self.keys.append(Key(other))

    @rule(number=st.integers(0, 9))
    def end_key(self, number: int) -> None:
        """One operator stops a key that holds."""
        key = self.keys[number % len(self.keys)]
        if key.holds(self.now):
            with self.door.work() as work:
                agencies.end_key(work, agency_id="idva", kid=key.holder.sig["kid"])
            key.until = self.now

    # --- time -----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 29, 60, 119, 200, 299, 300, 3600]))
    def wait(self, seconds: int) -> None:
        self.door.later(seconds)

    # --- always ---------------------------------------------------------------------------------

    @invariant()
    def what_ended_never_passes(self) -> None:
        for token in self.issued[-3:]:
            if not self.is_live(token):
                assert token.key.holder.call(token.value).status_code == 401

    def _issue(self, key: Key) -> Token:
        value = key.holder.token("cases:read")
        token = Token(value, key, int(self.now.timestamp()) + LIFE)
        self.issued.append(token)
        assert jose.peek(value)["typ"] == "at+jwt"
        return token


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest) -> Fresh:
    """What gives a migrated database of its own for each order of events."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        name: str = request.getfixturevalue("postgres_template")
        return lambda _: server.database(name)
    template: Path = request.getfixturevalue("sqlite_template")
    return lambda folder: nullcontext(f"sqlite:///{shutil.copy(template, folder / 'gateway.db')}")


def test_V29_V31_F5_nothing_that_ended_passes_in_any_order_of_events(
    fresh: Fresh, request: pytest.FixtureRequest
) -> None:
    is_quick = "sqlite" in request.node.name  # a PostgreSQL database takes a second to make
    run_state_machine_as_test(
        lambda: Tokens(fresh),
        settings=settings(
            max_examples=25 if is_quick else 8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
