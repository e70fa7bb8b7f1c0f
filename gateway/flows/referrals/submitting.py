"""Owns a referral's way in: the first version, and a better one after it was returned."""

from __future__ import annotations

from gateway.agencies import directory
from gateway.agencies.inbox import JOSE_TYPE, Received, Sent, keep_answer, receive
from gateway.disclosure import (
    CaseKey,
    Contribution,
    contribute,
    find_referral,
    new_case_key,
    open_case_key,
    require_no_wall,
    seal_value,
)
from gateway.errors import Denied, Invalid, Problem
from gateway.flows.referrals import later, people, reading, receipts, settling, telling, writing
from gateway.flows.referrals.checking import check_override
from gateway.flows.referrals.reading import Reading
from gateway.flows.referrals.sending import Sender, of_caller
from gateway.ledger import Work
from gateway.profiles.loader import Profile
from gateway.rules import consent, grading, leaks, markers, sections
from gateway.rules.limits import Limits, in_danger, joined, of_document, of_position
from gateway.rules.positions import Said, after_expiry
from gateway.rules.states import move
from gateway.schemas import reference as references
from gateway.schemas.codes import CaseState
from gateway.schemas.forms import value_of
from gateway.store import cases, dated, ids, referrals
from gateway.store import sections as stored_sections
from gateway.store.answers import Answer
from gateway.store.referrals import ReferralRow

FORM = "referral/1"


def submit(
    work: Work, body: Sent, *, audience: str, key: str, sender: Sender | None = None
) -> Answer:
    """Take in a referral and answer with a signed receipt (201).

    `sender` is whose it is, where somebody typed it in; otherwise it is the caller's own. Grades,
    decides, seals, routes and records in one transaction. What the gateway finds out beyond the
    document (a repeat, a duplicate, a counter-allegation) changes nothing of the answer.

    :raises Invalid: with a pointer per fault; nothing was kept.
    """
    work.attempt("referral.submit")
    received = receive(work, body, form=FORM, audience=audience, key=key)
    if received.answered:
        return received.answered
    _check_sealed(work, received)
    sender = sender or of_caller(work)
    case_id, reference = ids.new(work.now, work.chance), references.make(work.chance)
    read, profile = _read(work, received)
    work.opens(case_id)
    cases.add_case(work.session, case_id=case_id, area=read.area, by=writing.by(work))
    referrals.add_referral(work.session, sender.row(work, reference, case_id))
    case_key = new_case_key(work, case_id)
    said = Said(read.facts.position)
    return _take_in(
        work,
        received,
        case_key,
        reference,
        read,
        profile,
        said,
        sender,
        audience=audience,
        key=key,
        version=1,
    )


def resubmit(work: Work, reference: str, body: Sent, *, audience: str, key: str) -> Answer:
    """Take in a new version of a referral that was returned; the old one is kept (201).

    :raises Denied: if the caller did not send this referral.
    :raises Conflict: if it is not waiting for a new version.
    """
    work.attempt("referral.version")
    row = find_own(work, reference)
    received = receive(work, body, form=FORM, audience=audience, key=key, about=reference)
    if received.answered:
        return received.answered
    _check_sealed(work, received)
    cases.lock_case(work.session, row.case_id)
    case = cases.list_cases(work.session, [row.case_id])[row.case_id]
    move(case.state, CaseState.SUBMITTED)
    read, profile = _read(work, received)
    cases.set_area(work.session, case_id=row.case_id, area=read.area)
    stored_sections.supersede(
        work.session, reference=row.reference, case_id=row.case_id, at=work.now
    )
    version = referrals.count_versions(work.session, row.reference) + 1
    read, said = later.kept(work, row.case_id, read, profile, versions=version - 1)
    return _take_in(
        work,
        received,
        open_case_key(work, row.case_id),
        row.reference,
        read,
        profile,
        said,
        of_caller(work),
        audience=audience,
        key=key,
        version=version,
    )


def find_own(work: Work, reference: str) -> ReferralRow:
    """The caller's own referral.

    :raises Denied: if there is none of that reference, or it is another agency's.
    """
    row = find_referral(work, reference)
    if row is None:
        raise Denied("absent")
    if row.agency_id != work.caller.agency_id:
        raise Denied("not-the-sender", subject=row.case_id)
    require_no_wall(work, row.case_id)
    return row


def _read(work: Work, received: Received) -> tuple[Reading, Profile]:
    on = work.today
    area, is_known = reading.find_area(received.loaded, work.profiles, work.caller.area)
    profile = work.profiles.for_area(area, on)
    return reading.read(received.loaded, profile, is_area_known=is_known, on=on), profile


def _take_in(
    work: Work,
    received: Received,
    case_key: CaseKey,
    reference: str,
    read: Reading,
    profile: Profile,
    said: Said,
    sender: Sender,
    *,
    audience: str,
    key: str,
    version: int,
) -> Answer:
    case_id, is_new = case_key.case_id, version == 1
    referrals.add_version(
        work.session,
        reference=reference,
        version=version,
        received_at=work.now,
        digest=received.digest,
        document=seal_value(
            case_key,
            table="referral_version",
            column="document",
            row=f"{reference}/{version}",
            value=received.kept,
        ),
    )
    limits = _write_facts(work, received, case_key, read, profile, said, sender, is_new=is_new)
    parts = sections.split(received.document, profile.fields.section_of)
    contributed = contribute(
        work,
        case_key,
        Contribution(
            sender.agency_id,
            work.now,
            writing.boxes(received.document, parts, received.sealed, profile),
        ),
    )
    people.index(work, case_id, received.loaded, profile, is_new=is_new)
    settled = settling.settle(
        work,
        case_key,
        read,
        received.loaded,
        profile,
        sender,
        event="referral.submit" if is_new else "referral.version",
        limits=limits,
        contributed=contributed,
        lapses=lapse_of(work, read, profile, said),
        notice="" if is_new else telling.notice_of(said),  # who is new to it reads it all
        is_new=is_new,
    )
    receipt = receipts.sign(
        work,
        issuer=audience,
        reference=reference,
        reading=read,
        settled=settled,
        profile=profile,
        sender=sender,
        sealed=received.sealed,
    )
    return keep_answer(work, key, Answer(received.digest, 201, JOSE_TYPE, receipt.encode()))


def lapse_of(work: Work, read: Reading, profile: Profile, said: Said) -> writing.Lapse | None:
    """What holds after the last day of an agreement, if it has one."""
    after = after_expiry(profile.consent, read.facts, said, on=work.today)
    if after is None or said.expires_on is None:
        return None
    row = profile.consent.row(after.rule)
    is_held = consent.lacking(row, read.present)
    return writing.Lapse(said.expires_on, consent.held(after) if is_held else after)


def _write_facts(
    work: Work,
    received: Received,
    case_key: CaseKey,
    read: Reading,
    profile: Profile,
    said: Said,
    sender: Sender,
    *,
    is_new: bool,
) -> Limits:
    document = received.loaded
    if record := document.get("override_record"):
        stated = of_position(document["consent_record"])
        standing = in_danger(stated, read.facts.danger, read.decision)
        check_override(work, profile.legal.may_rely, record, standing, at="/override_record")
        writing.write_override(work, case_key.case_id, record)
    stated = of_document(document, read.decision, sender=sender.agency_id)
    limits = in_danger(stated, read.facts.danger, read.decision)
    if not is_new:
        earlier = dated.list_positions(work.session, [case_key.case_id])[case_key.case_id]
        limits = joined(later.limits_of(earlier), limits, may_lift=False)
    writing.write_position(
        work,
        case_key,
        said=said,
        record=received.document["consent_record"],
        capacity=read.facts.capacity,
        limits=limits,
        is_new=is_new,
    )
    seen = {
        "markers": sorted(markers.markers_of(document, read.grades)),
        "children": markers.count_children(document),
        "incident_on": grading.last_incident_on(document),
        "events": grading.dated_events(document),
    }
    writing.write_risk(work, case_key, read, seen=seen, is_new=is_new)
    return limits


def _check_sealed(work: Work, received: Received) -> None:
    """Refuse sealed sections that do not fit the document, or are sealed to anybody else.

    Every copy must be to a registered key of the agency it names, and never to the gateway's own:
    what is sealed is not for the gateway to read.

    :raises Invalid: with pointers.
    """
    victim = received.loaded["victim"]
    names = [item["section"] for item in received.sealed]
    is_said = value_of(victim["contact"]) == "SEALED"
    problems = []
    if len(set(names)) != len(names):
        problems.append(Problem("not_both", "/sealed"))
    if is_said and "safe_contact" not in names:
        problems.append(Problem("needed_here", "/sealed"))
    if not is_said and "safe_contact" in names:
        problems.append(Problem("not_both", "/victim/contact"))
    if leaks.must_be_sealed(victim) and "protected_address" not in names:
        problems.append(Problem("needed_here", "/sealed"))
    known = {
        (listing.agency_id, key["kid"])
        for listing in (directory.listings(work.session, work.now) if names else ())
        for key in listing.keys
    }
    problems += [
        Problem("not_sealed", f"/sealed/{n}/recipients/{m}/kid")
        for n, item in enumerate(received.sealed)
        for m, copy in enumerate(item["recipients"])
        if (copy["agency"], copy["kid"]) not in known or copy["kid"] in work.keys.encryption.by_kid
    ]
    if problems:
        raise Invalid("The sealed sections do not fit the document.", *problems)
