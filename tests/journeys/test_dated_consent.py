"""Consent as dated facts: how far it reaches, until when, and what goes when it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.store import tables as t
from tests.journeys.attacks import (
    ABSENT,
    COORDINATOR,
    GP,
    IDVA,
    LANDLORD,
    OTHER,
    POLICE,
    conference,
    faults,
    feed,
    grants_are_derived,
    refused,
    seen,
)
from tests.journeys.world import World, example, graded, lines, position

WORDING = {"version": "leaflet-2026.2", "language": "cy"}
LAST_DAY = "2026-12-03"  # ten days after the world begins


def dated(code: str = "GIVEN", **changes: Any) -> dict[str, Any]:
    """A dated position; an agreement to everything until the last day."""
    term = {"starts_on": "2026-11-23", "expires_on": LAST_DAY} if code == "GIVEN" else {}
    usual = {
        **position(code),
        "scope": ["MARAC", "IDVA"],
        "wording": WORDING,
        "safe_to_ask": "UNKNOWN",
        "safe_to_tell": "NO",
        "interpreter": "Welsh, by telephone",
        **term,
    }
    return {**usual, **changes}


def supported(world: World, **changes: Any) -> str:
    """A case of medium risk that the adviser supports because she agreed, until the last day."""
    ref = world.client(LANDLORD).refer(graded(12)).reference
    world.client(LANDLORD).record_consent(ref, dated(**changes))
    return ref


def high(world: World, **changes: Any) -> str:
    """A case at high risk with a dated agreement."""
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(LANDLORD).record_consent(ref, dated(**changes))
    return ref


def triage(world: World, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = world.client(COORDINATOR).pull(ref, "P9").document["triage"]
    return found


def keys_of(world: World, ref: str) -> set[str]:
    rows = world.rows(t.section_grant, case_id=world.case_of(ref))
    return {str(row["agency_id"]) for row in rows}


# --- what is kept and shown -----------------------------------------------------------------------


def test_F44_F53_F54_a_position_is_kept_with_all_that_was_said(world: World) -> None:
    limit = {"text": "Not about my health", "excludes_kind": "POLICE", "excludes_category": "D10"}
    ref = high(world, conditions=[limit])
    shown = triage(world, ref)["position"]
    assert shown | {"at": "-"} == {
        "position": "GIVEN",
        "counts_as": "GIVEN",
        "capacity": "HAS",
        "by": LANDLORD,
        "at": "-",
        "scope": ["IDVA", "MARAC"],
        "starts_on": "2026-11-23",
        "expires_on": LAST_DAY,
        "renew_from": "2026-11-05",
        "limits": [{"kind": "POLICE", "category": "D10"}],
        "broken": [],
    }
    pieces = world.client(IDVA).pull(ref, "P2").document["sections"]
    told = [each["content"] for each in pieces if each["section"] == "consent"]
    (said,) = [each["position"] for each in told if "position" in each]
    assert said["wording"] == WORDING
    assert (said["safe_to_ask"], said["safe_to_tell"]) == ("UNKNOWN", "NO")
    assert said["interpreter"] == "Welsh, by telephone"
    assert world.client(LANDLORD).referral(ref)["document"]["consent_record"]["how"] == "PHONE"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"starts_on": "2026-11-24"}, ("issued_in_future", "/starts_on")),
        (
            {"starts_on": "2025-11-01", "expires_on": "2026-11-22"},
            ("expired", "/expires_on"),
        ),
        ({"expires_on": "2027-11-24"}, ("lives_too_long", "/expires_on")),
        ({"recorded_at": "2026-11-23T23:59:59Z"}, ("issued_in_future", "/recorded_at")),
        ({"scope": []}, ("needed_here", "/scope")),
        ({"expires_on": "2026-02-30"}, ("bad_date", "/expires_on")),
    ],
)
def test_F49_an_agreement_of_the_wrong_days_is_refused_by_field(
    shared_sqlite_world: World, changes: Mapping[str, Any], fault: tuple[str, str]
) -> None:
    world = shared_sqlite_world
    client = world.client(LANDLORD)
    ref = client.refer(example("c1")).reference
    assert faults(client.record_consent, ref, dated(**changes)) == (fault,)


def test_F49_a_year_to_the_day_is_the_longest(sqlite_world: World) -> None:
    ref = high(sqlite_world, expires_on="2027-11-23")
    assert triage(sqlite_world, ref)["position"]["expires_on"] == "2027-11-23"


# --- an agreement ends ----------------------------------------------------------------------------


def test_F49_V45_an_agreement_ends_on_its_day_though_nothing_runs(world: World) -> None:
    ref = supported(world)
    idva = world.client(IDVA)
    world.later(days=10)
    assert idva.pull(ref, "P2").document["sections"]
    world.later(days=1)
    assert refused(idva.pull, ref, "P2") == ABSENT
    refusal = world.log(outcome="denied")[-1]
    assert (refusal["agency"], refusal["because"]) == (IDVA, "outcome:NO_SHARE")
    assert feed(world, IDVA)[ref]["kind"] == "ENDED"
    assert world.client(LANDLORD).referral(ref)["document"]


def test_F49_V45_a_day_begins_and_ends_at_midnight_where_she_lives(sqlite_world: World) -> None:
    """In summer an hour before UTC's: an agreement of that hour counts, and one that ended not."""
    world, day = sqlite_world, "2027-07-10"
    world.moments.append(datetime(2027, 7, 9, 23, 5, tzinfo=UTC))  # five past midnight of the tenth
    ref = supported(world, starts_on=day, expires_on=day)
    idva = world.client(IDVA)
    assert idva.pull(ref, "P2").document["sections"]
    world.later(hours=23, minutes=50)
    assert idva.pull(ref, "P2").document["sections"]
    world.later(minutes=10)  # the eleventh
    assert refused(idva.pull, ref, "P2") == ABSENT


def test_F49_whoever_writes_next_takes_the_keys_of_what_ended(world: World) -> None:
    ref = supported(world)
    world.later(days=11)
    assert keys_of(world, ref) == {LANDLORD, IDVA}
    assessment = example("c1")["document"]["risk_assessments"]["value"][0]
    quiet = [{**each, "value": "NO"} for each in assessment["answers"]]
    for each in quiet:
        for name in ("subitem_values", "comment", "source_note"):
            each.pop(name, None)
    lower = {**assessment, "answers": quiet, "level_professional": "NONE"}
    world.client(LANDLORD).assess(ref, lower)
    assert keys_of(world, ref) == {LANDLORD}
    assert grants_are_derived(world, ref)


def test_F49_asked_again_she_agrees_again(world: World) -> None:
    ref = supported(world)
    world.later(days=11)
    assert refused(world.client(IDVA).pull, ref, "P2") == ABSENT
    again = dated(starts_on="2026-12-04", expires_on="2027-03-01")
    world.client(LANDLORD).record_consent(ref, again)
    assert world.client(IDVA).pull(ref, "P2").document["sections"]


def test_F49_at_high_risk_help_goes_on_and_a_record_is_owed(world: World) -> None:
    ref = high(world)
    world.later(days=11)
    shown = triage(world, ref)["position"]
    assert (shown["position"], shown["counts_as"]) == ("GIVEN", "NOT_SOUGHT_UNABLE")
    assert world.client(IDVA).pull(ref, "P2").document["sections"]
    for told in (COORDINATOR, LANDLORD, IDVA):  # who coordinates, who asked her, who reads
        (due,) = world.client(told).due()["items"]
        assert (due["code"], due["late"]) == ("AGREEMENT_ENDED", True)


def test_F49_whoever_read_because_she_agreed_is_told_that_it_ended(world: World) -> None:
    ref = supported(world)
    idva = world.client(IDVA)
    world.later(days=10)
    assert idva.due()["items"] == []
    world.later(days=1)
    assert refused(idva.pull, ref, "P2") == ABSENT
    (due,) = idva.due()["items"]
    assert due == {
        "reference": ref,
        "code": "AGREEMENT_ENDED",
        "by": "COORDINATOR",
        "due_at": f"{LAST_DAY}T23:59:59Z",
        "late": True,
    }
    world.client(LANDLORD).record_consent(
        ref, dated(starts_on="2026-12-04", expires_on="2026-12-31")
    )
    assert idva.due()["items"] == []
    # An objection takes the case away, and is no end by date.
    world.client(LANDLORD).record_position(ref, position("WITHDRAWN"))
    world.later(days=40)
    assert idva.due()["items"] == []


def test_F49_she_is_asked_again_in_time(sqlite_world: World) -> None:
    world = sqlite_world
    ref = supported(world, expires_on="2027-01-31")
    assert world.client(LANDLORD).due()["items"] == []
    world.later(days=41)  # 3 January
    due = {
        "reference": ref,
        "code": "RENEW_AGREEMENT",
        "by": "RECORDER",
        "due_at": "2027-01-31T23:59:59Z",
        "late": False,
    }
    assert world.client(LANDLORD).due()["items"] == [due]
    world.later(days=40)
    (late,) = world.client(LANDLORD).due()["items"]
    assert (late["code"], late["late"], late["by"]) == ("AGREEMENT_ENDED", True, "COORDINATOR")
    assert world.client(IDVA).due()["items"] == [late]  # it read because of it, and does no more


def test_F47_an_agreement_to_support_is_none_to_a_conference(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(LANDLORD).record_consent(ref, dated(scope=["IDVA"]))
    assert world.rows(t.consent)[-1]["rule"] == "R6"
    assert {each["code"] for each in triage(world, ref)["due"]} >= {"COMPLETE_OVERRIDE_RECORD"}


# --- by purpose, by agency, by class --------------------------------------------------------------


def test_F47_F48_a_limit_takes_one_class_from_one_kind(world: World) -> None:
    limit = {"text": "Not my injuries", "excludes_kind": "IDVA", "excludes_category": "D07"}
    before = seen(world, IDVA, high(world), "P2")
    ref = high(world, conditions=[limit])
    after = seen(world, IDVA, ref, "P2")
    assert set(before) - set(after) == {"incidents"} & set(before)
    assert "incidents" in before
    assert "incidents" in seen(world, COORDINATOR, ref)
    assert grants_are_derived(world, ref)


def test_F46_a_limit_shuts_a_case_for_one_purpose(world: World) -> None:
    limit = {"text": "Not for court", "excludes_kind": "IDVA", "excludes_purpose": "P8"}
    ref = high(world, conditions=[limit])
    idva = world.client(IDVA)
    assert idva.pull(ref, "P2").document["sections"]
    assert refused(idva.pull, ref, "P8") == ABSENT
    assert world.log(outcome="denied")[-1]["because"] == "victims-condition"
    assert grants_are_derived(world, ref)


def test_F46_a_limit_is_lifted_by_who_may(world: World) -> None:
    limit = {"text": "Not for court", "excludes_kind": "IDVA", "excludes_purpose": "P8"}
    ref = high(world, conditions=[limit])
    world.client(COORDINATOR).record_consent(ref, dated())
    assert world.client(IDVA).pull(ref, "P8").document["sections"]


# --- taken back -----------------------------------------------------------------------------------


def test_F50_taken_back_is_taken_back_everywhere_with_the_next_request(world: World) -> None:
    """Pull, feed, agenda, own questions, acknowledgement, sealed copies: one predicate."""
    ref = high(world)
    coordinator, police = world.client(COORDINATOR), world.client(POLICE)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    meeting = conference(world, POLICE, IDVA)
    coordinator.list_case(meeting, ref)
    assert police.pull(ref, "P1").document["sections"]
    assert [line["reference"] for line in lines(police, meeting)] == [ref]
    out = {"text": "Not the police", "excludes_kind": "POLICE"}
    world.client(IDVA).record_consent(ref, dated("WITHDRAWN", conditions=[out]))
    assert refused(police.pull, ref, "P1") == ABSENT
    assert lines(police, meeting) == []
    assert refused(police.explain, ref, POLICE, "P1") == ABSENT
    assert refused(police.acknowledge, ref, "ACCEPTED") == ABSENT
    assert refused(police.record_position, ref, position("GIVEN")) == ABSENT
    assert refused(police.access, ref) == ABSENT
    assert police.seal_requests()["requests"] == []
    assert POLICE not in keys_of(world, ref)
    assert grants_are_derived(world, ref)
    told = feed(world, POLICE)[ref]
    assert (told["kind"], told["notice"], told["level"]) == ("ENDED", "OBJECTION", None)
    assert [line["reference"] for line in lines(world.client(IDVA), meeting)] == [ref]


@pytest.mark.parametrize("code", ["WITHDRAWN", "WITHHELD"])
@pytest.mark.parametrize("form", ["position/1", "position/2"])
def test_F50_every_recipient_is_told_of_an_objection_and_the_referrer_of_nothing(
    shared_sqlite_world: World, code: str, form: str
) -> None:
    world = shared_sqlite_world
    ref = high(world)
    feed(world, COORDINATOR)
    idva = world.client(IDVA)
    if form == "position/1":
        idva.record_position(ref, position(code))
    else:
        idva.record_consent(ref, dated(code))
    told = feed(world, COORDINATOR)[ref]
    assert (told["kind"], told["notice"], told["level"]) == ("CHANGED", "OBJECTION", "HIGH")
    assert ref not in feed(world, LANDLORD)


def test_F50_an_objection_in_a_new_version_is_told_too(world: World) -> None:
    ref = world.client(LANDLORD).refer(example("c1")).reference
    world.client(COORDINATOR).decide(ref, {"decision": "RETURN", "reasons": ["QUALITY_OTHER"]})
    feed(world, COORDINATOR)
    record = example("c2")["document"]["override_record"]
    form = example("c1", victim__position="WITHHELD", override_record=record)
    world.client(LANDLORD).resubmit(ref, form)
    told = feed(world, COORDINATOR)[ref]
    assert (told["kind"], told["notice"]) == ("CHANGED", "OBJECTION")


def test_what_is_no_objection_is_told_as_a_change(shared_sqlite_world: World) -> None:
    world = shared_sqlite_world
    ref = high(world)
    world.client(IDVA).record_consent(ref, dated())
    assert feed(world, COORDINATOR)[ref]["notice"] is None


def test_F55_V27_what_was_already_read_is_listed_honestly(world: World) -> None:
    ref = high(world)
    world.client(IDVA).pull(ref, "P2")
    world.later(minutes=5)
    world.client(LANDLORD).record_consent(ref, dated("WITHDRAWN"))
    world.later(minutes=5)
    listed = world.client(COORDINATOR).readings(ref)
    assert listed["objected_at"] == "2026-11-23T10:05:00Z"
    (read,) = [each for each in listed["readings"] if each["agency"] == IDVA]
    assert (read["event"], read["purpose"], read["t"]) == (
        "case.read",
        "P2",
        "2026-11-23T10:00:00Z",
    )
    opened = read["levels"]
    assert "victim_identity" in opened
    assert read["basis"]
    # It is what the log says, to the byte: the entry can be proved.
    (line,) = world.log(event="case.read", agency=IDVA)
    assert line["levels"].items() >= opened.items()


def test_F55_the_owner_of_a_case_sees_what_was_read_of_its_own_part(world: World) -> None:
    ref = high(world)
    world.client(IDVA).pull(ref, "P2")
    mine = world.client(LANDLORD).readings(ref)
    assert [each["agency"] for each in mine["readings"]] == [IDVA]
    own = {each["name"] for each in world.rows(t.section) if each["owner_id"] == LANDLORD}
    assert mine["readings"][0]["levels"].keys() <= own
    assert refused(world.client(IDVA).readings, ref) == ABSENT
    assert refused(world.client(GP).readings, ref) == ABSENT
    world.client(COORDINATOR).decide(ref, {"decision": "ACCEPT"})
    assert refused(world.client(LANDLORD).readings, ref) == ABSENT  # the coordinator owns it now


def test_F77_looking_at_what_was_read_is_read_too(sqlite_world: World) -> None:
    world = sqlite_world
    ref = high(world)
    world.client(COORDINATOR).readings(ref)
    (line,) = world.log(event="readings.read")
    assert (line["agency"], line["purpose"]) == (COORDINATOR, "P10")


def linked(world: World, ref: str) -> list[str]:
    """The cases that a coordinator is told may belong to this one."""
    return [each["reference"] for each in triage(world, ref)["links"]]


def of_her(yes: int) -> dict[str, Any]:
    """A referral of always the same woman."""
    return graded(yes, victim__dob={"value": "1990-01-01"}, victim__dob_precision="DAY")


def test_V41_what_is_shared_with_nobody_is_found_by_nobody(world: World) -> None:
    """No link tells of it, neither one proposed before nor one that would be proposed now."""
    kept = world.client(LANDLORD).refer(of_her(12)).reference
    before = world.client(OTHER).refer(of_her(20)).reference
    assert linked(world, before) == [kept]
    world.client(LANDLORD).record_position(kept, position("WITHDRAWN"))
    assert linked(world, before) == []
    after = world.client("marlbury-college").refer(of_her(20)).reference
    assert linked(world, after) == [before]
    world.client(LANDLORD).record_position(kept, position("GIVEN"))
    assert linked(world, before) == [kept]


def test_V41_an_agreement_that_ended_ends_that_too(sqlite_world: World) -> None:
    world = sqlite_world
    kept = world.client(LANDLORD).refer(of_her(12)).reference
    world.client(LANDLORD).record_consent(kept, dated())
    other = world.client(OTHER).refer(of_her(20)).reference
    assert linked(world, other) == [kept]
    world.later(days=11)
    assert linked(world, other) == []


# --- legal bases ----------------------------------------------------------------------------------


def test_F75_every_disclosure_carries_the_bases_of_its_reader(world: World) -> None:
    ref = high(world)
    coordinator = world.client(COORDINATOR)
    coordinator.decide(ref, {"decision": "ACCEPT"})
    meeting = conference(world, POLICE)
    coordinator.list_case(meeting, ref)
    world.client(POLICE).pull(ref, "P1")
    world.client(POLICE).agenda(meeting)
    world.client(LANDLORD).referral(ref)
    coordinator.readings(ref)
    coordinator.access(ref)
    profiles = world.app.extensions["gateway"].profiles
    legal = profiles.for_area("MARLBURY", world.now.date()).legal
    kinds = {row["id"]: row["kind"] for row in world.rows(t.agency)}
    events = {
        "case.read",
        "agenda.read",
        "agenda.built",
        "referral.read",
        "readings.read",
        "log.read",
        "referral.submit",
        "position.record",
    }
    found = [line for line in world.log(outcome="allowed") if line["event"] in events]
    found += [line for line in world.log() if line["event"] in ("referral.submit",)]
    assert {line["event"] for line in found} >= events - {"position.record"}
    for line in found:
        on = world.now.date()
        wanted = legal.for_kind(kinds[line["agency"]], on=on, is_child_or_has_care_needs=False)
        special = legal.for_kind(kinds[line["agency"]], on=on, is_child_or_has_care_needs=True)
        assert tuple(line["basis"]) in (wanted, special)
        assert line["basis"]


def test_F75_a_basis_is_not_cited_before_its_day(sqlite_world: World) -> None:
    """Recognised legitimate interest counts from 5 February 2026, whoever asks the day before."""
    profiles = sqlite_world.app.extensions["gateway"].profiles
    legal = profiles.for_area("MARLBURY", sqlite_world.now.date()).legal
    day = legal.bases["UKGDPR_6_1_EA"].effective_from
    for on, is_there in ((day - timedelta(days=1), False), (day, True)):
        bases = legal.for_kind("IDVA", on=on, is_child_or_has_care_needs=False)
        assert ("UKGDPR_6_1_EA" in bases) is is_there
