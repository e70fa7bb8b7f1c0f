"""People at the desk: they sign in, and open every list and every case by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from werkzeug.test import TestResponse

from gateway.flows import people
from gateway.schemas.codes import OneTime, PersonRole
from tests.county.looking import Looker, require_answer
from tests.county.opening import text_in
from tests.county.owners import Asker, Family, knows
from tests.desk.conftest import Desk

_ROLES = {
    "COORDINATOR": PersonRole.COORDINATOR,
    "IDVA": PersonRole.IDVA,
    "AUDITOR": PersonRole.DPO_AUDITOR,
}
_OF_MANY = frozenset({"paper: own agenda", "paper: agenda", "paper: room", "paper: taken along"})
_TAKEN = (("agenda", "pdf"), ("agenda", "docx"), ("request", "docx"), ("time", ""))
_LIST = re.compile(r'href="(/desk/needs/[a-z-]+)"')


class Pages:
    """Looks at pages for a looker, and lets it judge them."""

    def __init__(self, looker: Looker) -> None:
        self.looker, self.world = looker, looker.county.world
        self._taken: list[str] = []

    def look(self, asker: Asker, families: Iterable[Family], purposes: Iterable[str]) -> None:
        """Let one person open the lists, and each case for some purposes."""
        desk = self._desk(asker)
        judged = partial(self.looker.judge, self._reader(asker))
        first = desk.get("/desk")
        for path in ("/desk/cases", *_LIST.findall(first.text)):
            judged("page of a list", desk.get(path).text)
        judged("first page", first.text)
        for family in families:
            path = f"/desk/cases/{family.reference}"
            desk.get(path)
            for purpose in purposes:
                answer = desk.post(path, {"purpose": purpose})
                self.looker.score.asked += 1
                self.looker.score.answered += answer.status_code == 200
                if answer.status_code == 200 and not knows(family, self._reader(asker)):
                    self.looker.found(family, "EXISTS", asker, "page of a case")
                text = answer.text
                if answer.status_code != 200:  # what was typed is said back, be there a case or not
                    text = text.replace(family.reference, "")
                judged("page of a case", text, purpose)

    def attend(self, asker: Asker, families: Iterable[Family]) -> None:
        """Let one person open every page about a meeting, and about cases that it is of."""
        desk = self._desk(asker)
        listed = list(families)
        for conference in sorted({each.conference for each in listed}):
            first = next(each for each in listed if each.conference == conference)
            for name, path in (
                ("own agenda", f"/desk/my-conferences/{conference}"),
                ("agenda", f"/desk/conferences/{conference}"),
                ("room", f"/desk/conferences/{conference}/room"),
            ):
                self._judge(asker, desk.get(path), f"paper: {name}", first)
            what, form = _TAKEN[(first.turn + len(self._taken)) % len(_TAKEN)]
            self._taken.append(what)  # each time another file, for a file takes its time
            path = f"/desk/conferences/{conference}/papers"
            answer = desk.post(path, {"what": what, "format": form})
            self._judge(asker, answer, "paper: taken along", first if form else None)
            path = f"/desk/conferences/{conference}/declaration"
            self._judge(asker, desk.get(path), "page of a declaration")
        self._judge(asker, desk.get("/desk/actions"), "page of actions")
        for family in listed:
            case, place = f"/desk/cases/{family.reference}", f"cases/{family.reference}"
            for name, path in (
                ("paper: a request", f"/desk/my-conferences/{family.conference}/{place}"),
                ("paper: a hearing", f"/desk/conferences/{family.conference}/{place}"),
                ("page of minutes", f"{case}/minutes"),
                ("page of a plan", f"{case}/actions"),
                ("page of records", f"{case}/records"),
                ("page of contact", f"{case}/contact?purpose=P2"),
            ):
                self._judge(asker, desk.get(path), name, family)
            answer = desk.post(f"{case}/history", {"purpose": "P9"})
            self._judge(asker, answer, "page of history", family)
            form = {"purpose": "P9", "sent": family.reference, "number": "1"}
            self._judge(asker, desk.post(f"{case}/originals", form), "original", family)

    def _judge(
        self, asker: Asker, answer: TestResponse, where: str, of: Family | None = None
    ) -> None:
        score, reader, text = self.looker.score, self._reader(asker), text_in(answer.data)
        require_answer(answer, where)
        score.asked += 1
        score.answered += answer.status_code == 200
        if of is not None and answer.status_code != 200:
            text = text.replace(of.reference, "")
        if of is not None and answer.status_code == 200:
            if where not in _OF_MANY and not knows(of, reader):
                self.looker.found(of, "EXISTS", asker, where)
            # No paper of a conference is for who has not signed, even of who runs it.
            has_signed = (asker.agency, asker.worker) in of.signed
            if where.startswith("paper: ") and not has_signed:
                self.looker.found(of, "UNSIGNED", asker, where)
        self.looker.judge(reader, where, text, "P9")

    def _reader(self, asker: Asker) -> Asker:
        """Who reads a page: of a worker with a key of its own, also who can take its place."""
        has_own_key = (asker.agency, asker.worker or "") in self.looker.county.keys
        return Asker(asker.agency, asker.kind) if has_own_key else asker

    def _desk(self, asker: Asker) -> Desk:
        desks, place = self.looker.county.desks, (asker, self.world.now)
        if place not in desks:
            role = _ROLES.get(asker.kind, PersonRole.AGENCY_REP)
            with self.world.operator() as work:
                text = people.invite_first(
                    work, asker.agency, asker.worker or "", {role}, OneTime.INVITATION
                )
            desk = Desk(self.world.app.test_client())
            answer = desk.sign_in(f"/desk/link/{text}")
            assert answer.status_code == 303, answer.text
            desk.get("/desk/account")
            desks[place] = desk
        return desks[place]
