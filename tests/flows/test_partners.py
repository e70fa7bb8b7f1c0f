"""What an agency believes of its partners' keys: what the log shows, whole and in order."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.client.partners import KEPT, Partners, Unproven
from gateway.client.witness import Forked, Witness
from gateway.errors import Unavailable, Undecipherable, UnsafeSettings
from gateway.sealing import jose
from tests.counterpart import Log

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def a_key(use: str = "enc") -> dict[str, str]:
    return jose.public_part(jose.new_private(use))


IDVA, POLICE = a_key(), a_key()


class Gateway:
    """A gateway that answers with a history of keys; `lie` spoils an answer before it leaves."""

    def __init__(self) -> None:
        self.log = Log()
        for agency, key in (("idva", IDVA), ("police", POLICE)):
            self.log.add(agency, key, agency.upper())
        self.asked: list[int] = []
        self.lie: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.now = NOW

    def ask(self, after: int) -> Any:
        self.asked.append(after)
        return self.lie(json.loads(json.dumps(self.log.history(after))))

    def change(self, event: str, agency: str, kid: str | None = None, **facts: Any) -> None:
        """Record something that became of a key, or of an agency."""
        before = self.log.events[-1]["commitment"]
        number = len(self.log.events) + 1
        full = {"number": number, "previous": before, "agency": agency, **facts}
        full |= {"kid": kid} if kid else {}
        record = {"t": "2026-11-23T10:00:00Z", "event": event, "facts": full, "agency": "@operator"}
        self.log.append(record, agency, kid)

    def end(self, agency: str, kid: str, until: str) -> None:
        self.change("agency-key.ended", agency, kid, valid_until=until, thumbprint="x", use="enc")

    def partners(self, folder: Path | None = None) -> Partners:
        witness = Witness(
            folder, verifiers=lambda: [self.log.verifier], prove=lambda old, new: self.prove(old)
        )
        return Partners(witness.memory, ask=self.ask, accept=witness.accept, clock=lambda: self.now)

    def prove(self, old: int) -> list[bytes]:
        """A proof of consistency by brute force: RFC 6962 section 2.1.2, from the leaves."""
        return [*self._steps(old, self.log.leaves, is_whole=True)]

    def _steps(self, old: int, leaves: list[bytes], *, is_whole: bool) -> list[bytes]:
        if old == len(leaves):
            return [] if is_whole else [self.log.root(leaves)]
        left, right = self.log.halves(leaves)
        if old <= len(left):
            return [*self._steps(old, left, is_whole=is_whole), self.log.root(right)]
        steps = self._steps(old - len(left), right, is_whole=False)
        return [*steps, self.log.root(left)]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def refused(partners: Partners, agency: str, key: Mapping[str, Any], kind: str = "") -> bool:
    with pytest.raises(Unproven) as caught:
        partners.check(agency, key, kind or str(agency).upper())
    assert caught.value.code == "unproven_key"
    return True


# --- what is believed ---------------------------------------------------------------------------


def test_F33_a_key_that_the_log_shows_is_sealed_to_and_no_other(gateway: Gateway) -> None:
    partners = gateway.partners()
    check = partners.checker()
    check("idva", IDVA, "IDVA")
    check("police", POLICE, "POLICE")
    assert refused(partners, "idva", POLICE)  # the key of another
    assert refused(partners, "nobody", IDVA)
    assert refused(partners, "idva", a_key())
    assert refused(partners, "idva", {**a_key(), "kid": IDVA["kid"]})  # another key by its name
    assert refused(partners, "idva", {n: v for n, v in IDVA.items() if n != "kid"})
    assert refused(partners, "idva", {**IDVA, "kid": ["x"]})
    assert refused(partners, ["idva"], IDVA)  # type: ignore[arg-type]
    assert refused(partners, "idva", {"kid": IDVA["kid"], "kty": "oct", "k": "AAAA"})
    assert refused(partners, "idva", IDVA, "REFUGE")  # another kind than the log says


def test_before_anything_was_followed_no_key_is_believed(gateway: Gateway) -> None:
    assert refused(gateway.partners(), "idva", IDVA)


def test_a_key_to_sign_with_is_not_sealed_to(gateway: Gateway) -> None:
    signer = a_key("sig")
    facts: dict[str, Any] = {
        "use": "sig",
        "thumbprint": signer["kid"],
        "kind": "IDVA",
        "custody": "OWN",
    }
    facts |= {"custody": "OWN", "valid_until": None}
    gateway.change("agency-key.added", "idva", signer["kid"], **facts)
    partners = gateway.partners()
    partners.follow()
    assert refused(partners, "idva", signer)


def test_a_key_that_ended_is_refused_from_its_end_on(gateway: Gateway) -> None:
    gateway.end("idva", IDVA["kid"], "2026-11-25T10:00:00Z")
    check = gateway.partners().checker()
    check("idva", IDVA, "IDVA")
    gateway.now += timedelta(days=2)
    with pytest.raises(Unproven, match="has ended"):
        check("idva", IDVA, "IDVA")
    check("police", POLICE, "POLICE")


def test_what_ended_does_not_come_back_by_a_later_mention(gateway: Gateway) -> None:
    gateway.end("idva", IDVA["kid"], "2026-11-23T09:00:00Z")
    partners = gateway.partners()
    partners.follow()
    assert refused(partners, "idva", IDVA)
    gateway.change("agency-key.praised", "idva", IDVA["kid"])
    partners.follow()
    assert refused(partners, "idva", IDVA)


def test_a_suspended_agency_is_not_sealed_to_until_it_is_resumed(gateway: Gateway) -> None:
    gateway.change("agency.suspended", "idva")
    partners = gateway.partners()
    partners.follow()
    assert refused(partners, "idva", IDVA)
    partners.check("police", POLICE, "POLICE")
    gateway.change("agency.resumed", "idva")
    partners.checker()("idva", IDVA, "IDVA")


@pytest.mark.parametrize("kid", [IDVA["kid"], None], ids=["key", "agency"])
def test_what_this_version_does_not_know_ends_what_it_is_about(
    gateway: Gateway, kid: str | None
) -> None:
    gateway.change("agency-key.compromised", "idva", kid)
    partners = gateway.partners()
    partners.follow()
    assert refused(partners, "idva", IDVA)
    partners.check("police", POLICE, "POLICE")


def test_only_what_is_new_is_asked_for_and_told(gateway: Gateway) -> None:
    partners = gateway.partners()
    assert [change["agency"] for change in partners.follow()] == ["idva", "police"]
    assert partners.follow() == []
    gateway.change("agency.suspended", "idva")
    (change,) = partners.follow()
    assert (change["event"], change["number"]) == ("agency.suspended", 3)
    assert gateway.asked == [0, 2, 2]


def test_pages_are_followed_to_the_end(gateway: Gateway) -> None:
    for _ in range(9):
        gateway.log.add("idva", a_key())

    def paged(answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "events": answer["events"][:4], "more": len(answer["events"]) > 4}

    gateway.lie = paged
    assert len(gateway.partners().follow()) == 11
    assert gateway.asked == [0, 4, 8]


# --- what is not ------------------------------------------------------------------------------


def other_record(event: dict[str, Any], **facts: Any) -> dict[str, Any]:
    record = json.loads(event["record"])
    record["facts"] |= facts
    return {**event, "record": json.dumps(record)}


def on_second(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Any]:
    return lambda answer: {**answer, "events": [answer["events"][0], change(answer["events"][1])]}


def other(text: str) -> str:
    return ("A" if text[0] != "A" else "B") + text[1:]


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another key in the record": on_second(lambda e: other_record(e, thumbprint=IDVA["kid"])),
    "another agency in the record": on_second(lambda e: other_record(e, agency="idva")),
    "another salt": on_second(lambda e: {**e, "salt": other(e["salt"])}),
    "another place": on_second(lambda e: {**e, "index": 0}),
    "another leaf": on_second(lambda e: {**e, "leaf": other(e["leaf"])}),
    "another path": on_second(lambda e: {**e, "proof": [other(s) for s in e["proof"]]}),
    "no path": on_second(lambda e: {**e, "proof": []}),
    "a record that is no text": on_second(lambda e: {**e, "record": {}}),
    "a salt that is no text": on_second(lambda e: {**e, "salt": 7}),
    "an event that is none": on_second(lambda e: []),  # type: ignore[arg-type, return-value]
    "the first left out": lambda a: {**a, "events": a["events"][1:]},
    "one twice": lambda a: {**a, "events": [a["events"][0], *a["events"]]},
    "in another order": lambda a: {**a, "events": a["events"][::-1]},
    "another size": lambda a: {**a, "size": a["size"] + 1},
    "no size": lambda a: {**a, "size": None},
}


@pytest.mark.parametrize("name", LIES)
def test_F72_a_history_that_was_tampered_with_is_refused_whole(gateway: Gateway, name: str) -> None:
    partners = gateway.partners()
    gateway.lie = LIES[name]
    with pytest.raises(Unproven):
        partners.follow()
    assert refused(partners, "police", POLICE)
    gateway.lie = lambda answer: answer
    partners.checker()("police", POLICE, "POLICE")  # once it is told the truth


@pytest.mark.parametrize("answer", [None, [], {}, {"events": {}}, "x", {"events": None}])
def test_an_answer_of_another_form_is_refused(gateway: Gateway, answer: Any) -> None:
    gateway.lie = lambda _: answer
    with pytest.raises(Undecipherable):
        gateway.partners().follow()


def by_an_agency(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "agency": "idva"}


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def shorn(record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "facts": {n: v for n, v in record["facts"].items() if n != name}}

    return shorn


@pytest.mark.parametrize(
    "spoil",
    [
        by_an_agency,
        without("number"),
        without("previous"),
        without("agency"),
        without("thumbprint"),
        without("kind"),
        without("valid_until"),
        lambda record: {**record, "event": 7},
        lambda record: {**record, "facts": []},
        lambda record: {**record, "facts": {**record["facts"], "agency": ["idva"]}},
        lambda record: {**record, "facts": {**record["facts"], "number": 9}},
        lambda record: {**record, "facts": {**record["facts"], "previous": "A" * 43}},
        lambda record: [],
    ],
)
def test_even_what_stands_in_the_log_must_be_a_change_of_a_key(
    gateway: Gateway, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    """An operator can have anything recorded; what no partner can read as a change, counts not."""
    gateway.log.add("hospital", key := a_key())
    event, leaf = gateway.log.events.pop(), gateway.log.leaves.pop()
    assert leaf
    gateway.log.append(spoil(json.loads(event["record"])), "hospital", key["kid"])
    partners = gateway.partners()
    with pytest.raises(Unproven):
        partners.follow()
    assert refused(partners, "hospital", key)


def test_a_history_of_another_log_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    partners = gateway.partners(tmp_path)
    partners.follow()
    gateway.log = Gateway().log  # the same keys, announced in a log of its own
    gateway.log.add("idva", a_key())
    with pytest.raises(Undecipherable):
        partners.follow()


def test_F80_a_history_from_which_something_was_taken_back_is_a_fork(
    gateway: Gateway, tmp_path: Path
) -> None:
    """The end of a key was shown; then the log is rewritten without it, and grown anew."""
    shown = a_key()
    gateway.end("idva", IDVA["kid"], "2026-11-23T09:00:00Z")
    gateway.partners(tmp_path).follow()
    del gateway.log.events[2:], gateway.log.leaves[2:]
    gateway.log.add("idva", shown)
    gateway.log.add("idva", a_key())
    with pytest.raises(Forked):
        gateway.partners(tmp_path).follow()
    assert refused(gateway.partners(tmp_path), "idva", shown)


# --- what is remembered -----------------------------------------------------------------------


def test_what_was_followed_is_remembered_in_the_agencys_own_folder(
    gateway: Gateway, tmp_path: Path
) -> None:
    gateway.partners(tmp_path).follow()
    assert stat.S_IMODE((tmp_path / KEPT).stat().st_mode) == 0o600
    later = gateway.partners(tmp_path)
    later.checker()("idva", IDVA, "IDVA")
    assert gateway.asked == [0, 2]


def test_a_memory_that_cannot_be_read_is_said_so(gateway: Gateway, tmp_path: Path) -> None:
    for damaged in ("{", "[]", '{"number": 3}'):
        (tmp_path / KEPT).write_text(damaged)
        with pytest.raises(UnsafeSettings):
            gateway.partners(tmp_path).follow()


def test_without_an_answer_nothing_is_forgotten_and_nothing_new_believed(
    gateway: Gateway, tmp_path: Path
) -> None:
    gateway.partners(tmp_path).follow()
    partners = gateway.partners(tmp_path)

    def away(_: Any) -> Any:
        raise Unavailable("It timed out.")

    gateway.lie = away
    with pytest.raises(Unavailable):
        partners.checker()
    assert json.loads((tmp_path / KEPT).read_text())["number"] == 2
