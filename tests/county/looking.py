"""Everybody asks for everything, and what comes back is searched for what was planted."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from werkzeug.test import TestResponse

from gateway.api.operations import Operation
from tests.county.driving import County
from tests.county.marks import found_in, plain
from tests.county.opening import opened
from tests.county.owners import HOSTED, Asker, Family, Secret, knows, may
from tests.journeys.asking import BY_NAME, NO_CONFERENCE, Asked, asking

PURPOSES = tuple(f"P{number}" for number in range(1, 12))
FORMATS = ("json", "html", "pdf", "docx", "ics")
LOOKS = tuple(each for each in BY_NAME.values() if each.method == "GET")
ACTS = tuple(each for each in BY_NAME.values() if each.method != "GET")
OF_A_CASE = tuple(each for each in LOOKS if "<reference>" in each.rule and each.name != "pull_case")
RESEARCHED = (BY_NAME["read_research"],)
OF_NO_CASE = tuple(each for each in LOOKS if "<" not in each.rule)
_REQUESTS = BY_NAME["list_research"]
_REFERENCE = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}[- ]?[0-9A-Za-z*~$=](?![0-9A-Za-z])"
)
NOBODY = Asker("the public", "-")


@dataclass(frozen=True)
class Leak:
    """Something planted that somebody got who may never have it."""

    story: str
    row: str
    agency: str
    worker: str | None
    where: str


@dataclass
class Score:
    """How much was asked, and what came out that must not."""

    asked: int = 0
    answered: int = 0  # with something in it
    shown: int = 0  # planted words that somebody got who may
    seen: set[tuple[str, str]] = field(default_factory=set)  # kind of agency and row of the table
    leaks: set[Leak] = field(default_factory=set)

    @property
    def stories(self) -> set[str]:
        """The stories in which something came out."""
        return {each.story for each in self.leaks}


class Looker:
    """Asks in the name of everybody, with their keys, and judges what they get."""

    def __init__(self, county: County, families: Iterable[Family] | None = None) -> None:
        self.county, self.score = county, Score()
        self.families = list(county.families if families is None else families)
        self._nonces: dict[int, datetime] = {}  # when each was asked for
        self._planted: dict[str, list[tuple[Family, Secret]]] = defaultdict(list)
        for family in self.families:
            for secret in family.secrets:
                self._planted[_key(secret)].append((family, secret))

    # --- what is asked ----------------------------------------------------------------------------

    def pull(self, asker: Asker, family: Family, purposes: Iterable[str] = PURPOSES) -> None:
        """Ask for a case, for each purpose."""
        for purpose in purposes:
            path = f"/v1/cases/{family.reference}?purpose={purpose}"
            self._ask(
                asker, path, "cases:read", purpose=purpose, where=f"pull {purpose}", of=family
            )

    def look(
        self, asker: Asker, family: Family, operations: Iterable[Operation] = OF_A_CASE
    ) -> None:
        """Ask every other question about a case that only looks."""
        wire = self.county.world.wire(asker.agency, asker.worker)
        for operation in operations:
            conference = family.conference or NO_CONFERENCE
            asked = asking(operation, wire, reference=family.reference, conference=conference)
            if "agency" in asked.query:  # of others a partner is told nothing anyhow
                asked = asked.but(query={**asked.query, "agency": asker.agency})
            self._send(asker, operation, asked, family)

    def act(self, asker: Asker, family: Family) -> None:
        """Send every form about a case, whoever is asking: what is answered tells nothing of it.

        The case is another one afterwards; nothing else is asked about it.
        """
        wire = self.county.world.wire(asker.agency, asker.worker)
        for operation in ACTS:
            if self._is_let_in(asker, operation.scope):
                conference = family.conference or NO_CONFERENCE
                asked = asking(operation, wire, reference=family.reference, conference=conference)
                self._send(asker, operation, asked)

    def around(self, asker: Asker, operations: Iterable[Operation] = OF_NO_CASE) -> None:
        """Ask for every list and whatever else is about no case."""
        wire = self.county.world.wire(asker.agency, asker.worker)
        for operation in operations:
            asked: Asked | None = asking(operation, wire)
            while asked is not None:
                asked = self._next(asked, self._send(asker, operation, asked))

    @property
    def conferences(self) -> list[str]:
        """The conferences on whose lists the families are."""
        return sorted({each.conference for each in self.families} - {""})

    def agendas(
        self, asker: Asker, forms: Iterable[str] = FORMATS, of: Iterable[str] | None = None
    ) -> None:
        """Ask for the agenda of each conference in several forms, and what is to be searched."""
        wire = self.county.world.wire(asker.agency, asker.worker)
        for conference in self.conferences if of is None else of:
            for form in forms:
                path = f"/v1/conferences/{conference}/agenda?purpose=P9&format={form}"
                self._ask(asker, path, BY_NAME["read_agenda"].scope, where=f"read_agenda {form}")
            asked = asking(_REQUESTS, wire, conference=conference)
            self._send(asker, _REQUESTS, asked)

    def public(self) -> None:
        """Read the published log as anybody may."""
        client = self.county.world.app.test_client()
        self.county.world.sequence()
        for path in ("/log/checkpoint", "/log/tile/0/000", "/log/tile/entries/000"):
            answer = client.get(path)
            self.judge(NOBODY, "tile", answer.data.decode("latin-1"))
            self.score.asked += 1

    # --- what is judged ---------------------------------------------------------------------------

    def judge(self, asker: Asker, where: str, text: str, purpose: str | None = None) -> None:
        """Search a text for what was planted, and hold it against who may see it."""
        for word in set(self._words(text)):
            holders = self._planted[word]
            given = [each for of, each in holders if may(of, each, asker, purpose)]
            if given:
                self.score.shown += 1
                self.score.seen |= {(asker.kind, each.row) for each in given}
                continue
            for family, secret in holders:
                self.found(family, secret.row, asker, where)

    def found(self, family: Family, row: str, asker: Asker, where: str) -> None:
        """Write down that something came out."""
        self.score.leaks.add(Leak(family.story, row, asker.agency, asker.worker, where))

    def _words(self, text: str) -> Iterator[str]:
        yield from (word for word in found_in(text) if word in self._planted)
        for each in _REFERENCE.finditer(text):
            if (key := plain(each[0])) in self._planted:
                yield key

    def _ask(
        self,
        asker: Asker,
        path: str,
        scope: str,
        *,
        where: str,
        purpose: str | None = None,
        of: Family | None = None,
    ) -> None:
        wire = self.county.world.wire(asker.agency, asker.worker)
        self._judged(asker, scope, where, lambda: wire.ask("GET", path, scope), purpose, of)

    def _send(
        self, asker: Asker, operation: Operation, asked: Asked, of: Family | None = None
    ) -> list[str]:
        wire = self.county.world.wire(asker.agency, asker.worker)
        purpose = asked.query.get("purpose")
        return self._judged(
            asker, operation.scope, operation.name, lambda: asked.send(wire), purpose, of
        )

    def _is_let_in(self, asker: Asker, scope: str) -> bool:
        """Whether an agency of this kind gets a token at all: the first door of each question."""
        self._keep_nonce(asker)
        try:
            self.county.world.wire(asker.agency, asker.worker).token(scope)
        except AssertionError as refused:
            if "invalid_scope" not in str(refused):
                raise
            return False
        return True

    def _keep_nonce(self, asker: Asker) -> None:
        """Ask for a nonce once, and not before each question: time stands still meanwhile."""
        agency = self.county.world.wire(asker.agency, asker.worker).agency
        now = self.county.world.now
        if self._nonces.get(id(agency)) != now:
            self._nonces[id(agency)] = now
            vars(agency).pop("nonce", None)
            nonce = agency.nonce()
            vars(agency)["nonce"] = lambda: nonce

    def _judged(
        self,
        asker: Asker,
        scope: str,
        where: str,
        send: Callable[[], TestResponse],
        purpose: str | None,
        of: Family | None,
    ) -> list[str]:
        self.score.asked += 1
        if not self._is_let_in(asker, scope):
            return []
        answer = send()
        self.score.answered += answer.status_code == 200
        require_answer(answer, where)
        if of is not None and answer.status_code == 200 and not knows(of, asker):
            self.found(of, "EXISTS", asker, where)
        self.judge(asker, f"{where} header", str(answer.headers))
        if asker.agency in HOSTED and answer.mimetype == "application/jose":
            return []  # it has no software and no key: what is sealed to it is read at the desk
        texts = list(opened(self.county.opener(asker), answer))
        for text in texts:
            self.judge(asker, where, text, purpose)
        has_own_key = (asker.agency, asker.worker or "") in self.county.keys
        if has_own_key and answer.mimetype == "application/jose":  # a colleague comes by it
            colleague = Asker(asker.agency, asker.kind)
            for text in opened(self.county.opener(colleague), answer):
                self.judge(colleague, f"{where} overheard", text, purpose)
        return texts

    @staticmethod
    def _next(asked: Asked, texts: list[str]) -> Asked | None:
        """The question for the next page of a list, if there is one."""
        body = json.loads(texts[0]) if texts and texts[0].startswith("{") else {}
        body = body.get("document", body)
        if not isinstance(body, Mapping) or not (body.get("more") and body.get("next")):
            return None
        return asked.but(query={**asked.query, "cursor": body["next"]})


def require_answer(answer: TestResponse, where: str) -> None:
    """Refuse to go on where nothing was looked at: a bucket ran empty, or something broke."""
    if answer.status_code == 429 or answer.status_code >= 500:
        raise AssertionError(f"{where}: {answer.status_code}")


def never_pairs(families: Iterable[Family], askers: Iterable[Asker]) -> int:
    """How many pairs of a secret and somebody there are that must never meet."""
    listed = list(askers)
    return sum(
        not any(may(family, secret, asker, purpose) for purpose in (None, "P1"))
        for family in families
        for secret in family.secrets
        for asker in listed
    )


def _key(secret: Secret) -> str:
    return next(iter(found_in(secret.word)), plain(secret.word))
