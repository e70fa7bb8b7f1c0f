"""Words are taken out of a section: a draft until its owner confirms, both texts kept (F64)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from gateway.client.access import ProblemError
from gateway.disclosure import open_case_key
from gateway.disclosure.boxes import BEFORE_PART, open_for_gateway
from gateway.disclosure.redacting import REMOVED
from gateway.flows import agencies
from gateway.rules.leaks import HELD
from gateway.schemas.json_text import dump
from gateway.sealing.jose import b64u
from gateway.store import tables as t
from tests.journeys.world import World, example, seen

OWNER, IDVA, COORDINATOR = "harbourgate-homes", "marlbury-idva", "marlbury-marac"
CHAIR = (COORDINATOR, "marac-01")
TEXT = "He came at nine.\nShe now banks with Gull Street.\nHe left at ten."
PLACE = "/incidents/0/what#2"
SAID = "She now banks with Gull Street."


def referred(world: World) -> str:
    form = example("c1")
    form["document"]["incidents"][0]["what"] = TEXT
    return world.client(OWNER).refer(form).reference


def told(world: World, ref: str, agency: str = IDVA) -> str:
    return str(seen(world.client(agency), ref, "P1")["incidents"][1]["incidents"][0]["what"])


def drafted(world: World, ref: str, *, by: tuple[str, str] = CHAIR) -> int:
    answer = world.client(*by).walls.draft_redaction(ref, "incidents", OWNER, [PLACE])
    assert answer["state"] == "DRAFTED"
    return int(answer["number"])


def refused(act: Any, *given: Any) -> tuple[int, str]:
    with pytest.raises(ProblemError) as caught:
        act(*given)
    return caught.value.status, caught.value.code


def test_F64_a_draft_is_held_at_once_and_comes_back_if_its_owner_rejects_it(world: World) -> None:
    ref = referred(world)
    number = drafted(world, ref)
    assert told(world, ref) == TEXT.replace(SAID, HELD)
    assert told(world, ref, OWNER) == TEXT  # its own words
    settled = world.client(OWNER, "homes-01").walls.settle_redaction(ref, "REJECT", number)
    assert settled == {"number": number, "state": "REJECTED"}
    assert told(world, ref) == TEXT
    (row,) = world.rows(t.redaction)
    assert row["digests"] == []


def test_F64_what_its_owner_confirmed_is_gone_and_both_texts_are_kept_and_hashed(
    world: World,
) -> None:
    ref = referred(world)
    assert told(world, ref) == TEXT
    number = drafted(world, ref)
    settled = world.client(OWNER, "homes-01").walls.settle_redaction(ref, "CONFIRM", number)
    assert settled == {"number": number, "state": "CONFIRMED"}
    for agency in (IDVA, COORDINATOR, OWNER):
        assert told(world, ref, agency) == TEXT.replace(SAID, REMOVED)
    assert SAID not in str(world.client(IDVA).pull(ref, "P2").document)
    case_id = world.case_of(ref)
    with world.operator() as work:
        work.record("case.kept", None, because="test")
        with work.keeping(case_id):
            keys = {case_id: open_case_key(work, case_id)}
            (kept,) = open_for_gateway(work, keys, BEFORE_PART)[case_id]
    assert kept["content"]["incidents"][0]["what"] == TEXT
    left = seen(world.client(IDVA), ref, "P1")["incidents"][1]
    (row,) = world.rows(t.redaction)
    (digests,) = row["digests"]
    for name, content in (("before", kept["content"]), ("after", left)):
        whole = hashlib.sha256(kept["salt"].encode() + dump(content)).digest()
        assert digests[name] == b64u(whole)
    line = world.log(event="redaction.settled")[-1]
    assert line["facts"]["digests"] == [digests]
    parts = {g["section_id"] for g in world.rows(t.section_grant)}
    assert not [r for r in world.rows(t.section) if r["part"] == BEFORE_PART and r["id"] in parts]


def test_F64_the_owner_alone_reads_what_was_taken_out(world: World) -> None:
    """With a receipt and a line in the log; to everybody else there is no such case."""
    ref = referred(world)
    number = drafted(world, ref)
    owner = world.client(OWNER, "homes-01")
    (draft,) = owner.accounts.removed(ref, "P7")["redactions"]
    assert (draft["number"], draft["state"], draft["before"]) == (number, "DRAFTED", [])
    owner.walls.settle_redaction(ref, "CONFIRM", number)
    before = len(world.rows(t.receipt))
    (found,) = owner.accounts.removed(ref, "P7")["redactions"]
    assert (found["section"], found["places"], found["worker"]) == ("incidents", [PLACE], CHAIR[1])
    (text,) = found["before"]
    assert text["content"]["incidents"][0]["what"] == TEXT
    (digests,) = world.rows(t.redaction)[0]["digests"]
    whole = hashlib.sha256(text["salt"].encode() + dump(text["content"])).digest()
    assert digests["before"] == b64u(whole)
    line = world.log(event="redaction.read")[-1]
    assert (line["agency"], line["worker"], line["purpose"]) == (OWNER, "homes-01", "P7")
    assert (line["levels"], line["facts"]["numbers"]) == ({"incidents": "FULL"}, [number])
    assert line["basis"]
    assert len(world.rows(t.receipt)) == before + 1
    for who, purpose in ((CHAIR, "P9"), ((IDVA, "idva-01"), "P2"), ((OWNER,), "P7")):
        assert refused(world.client(*who).accounts.removed, ref, purpose)[0] == 404
    assert told(world, ref, OWNER) == TEXT.replace(SAID, REMOVED)  # reading puts nothing back


def test_F64_nobody_but_another_worker_of_the_owner_makes_it_final(world: World) -> None:
    ref = referred(world)
    number = drafted(world, ref)
    assert refused(world.client(*CHAIR).walls.settle_redaction, ref, "CONFIRM", number)[0] == 422
    for who in ((IDVA, "idva-01"), (OWNER,)):
        assert refused(world.client(*who).walls.settle_redaction, ref, "CONFIRM", number)[0] == 404
    own = drafted(world, ref, by=(OWNER, "homes-01"))
    act = world.client(OWNER, "homes-01").walls.settle_redaction
    assert refused(act, ref, "CONFIRM", own) == (409, "same_person")
    assert refused(act, ref, "CONFIRM", 99)[0] == 422
    with world.operator() as work:
        agencies.add_worker(work, agency_id=OWNER, worker_id="homes-09")
    world.client(OWNER, "homes-09").walls.settle_redaction(ref, "CONFIRM", own)
    assert refused(act, ref, "REJECT", own)[0] == 409  # it is final


def test_F64_only_owner_and_coordinator_draft_and_only_what_is_there(world: World) -> None:
    ref = referred(world)
    place = ("incidents", OWNER, [PLACE])
    assert refused(world.client(IDVA, "idva-01").walls.draft_redaction, ref, *place)[0] == 404
    assert refused(world.client(COORDINATOR).walls.draft_redaction, ref, *place)[0] == 404
    draft = world.client(*CHAIR).walls.draft_redaction
    assert refused(draft, ref, "incidents", IDVA, [PLACE])[0] == 422
    assert refused(draft, ref, "safe_contact", OWNER, ["/notes"])[0] == 422
    assert refused(draft, ref, "incidents", OWNER, ["incidents"])[0] == 422
    assert refused(draft, ref, "incidents", OWNER, [])[0] == 422
    assert refused(draft, "7K3MQ-2XF8A-C", *place)[0] == 404
    number = draft(ref, "incidents", OWNER, ["/incidents/77/what"])["number"]
    settle = world.client(OWNER, "homes-01").walls.settle_redaction
    assert refused(settle, ref, "CONFIRM", number)[0] == 409  # nothing stands there
    assert told(world, ref) == TEXT
