"""Owns what is answered: the schema and an example for each operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.openapi import actions, consent, examples, problems, receipts, research
from gateway.api.openapi.shapes import (
    ANYTHING,
    DIGEST,
    NUMBER,
    REFERENCE,
    TEXT,
    TIME,
    TRUTH,
    code,
    each,
    members,
    or_null,
    ref,
    said,
)
from gateway.api.operations import Operation
from gateway.schemas.codes import (
    Acknowledgement,
    AgencyKind,
    CaseState,
    Category,
    ConflictAct,
    Criterion,
    Custody,
    GlassFinding,
    KeyEvent,
    Level,
    ListingKind,
    NoteKind,
    Outcome,
    PrimaryVictim,
    Purpose,
    RedactionState,
    ReleaseState,
    RiskLevel,
    Stage,
    WorkerKeyAct,
)
from gateway.schemas.move_codes import MoveAct

Json = dict[str, Any]

_KEY = members("A public key (RFC 7517)", kty=TEXT, kid=TEXT)
_CHECKPOINT = said(TEXT, "Signed checkpoint (C2SP tlog-checkpoint)")
_PROOF = members(
    "The commitment of the entry that records this answer", commitment=DIGEST, salt=DIGEST,
    checkpoint=_CHECKPOINT,
)  # fmt: skip
_STATUS = members(
    reference=REFERENCE,
    received_at=TIME,
    status=said(TEXT, "RECEIVED, RETURNED, REJECTED, REDIRECTED, ACCEPTED, LISTED and later ones"),
    reasons=each(TEXT, "Why it was returned or rejected"),
    listed_for=or_null(said(TIME, "When the conference is")),
    feedback=each(members(code=TEXT, at=TIME)),
    entered_by=or_null(said(TEXT, "The agency that typed it in for yours, from what you told it")),
)
_SECTION = members(
    optional={"owner": said(TEXT, "Agency that contributed it, told with the full text alone")},
    section=TEXT,
    level=code(Level),
    content=ANYTHING,
)

# What the documents inside sealed answers hold, and the plain answers.
SCHEMAS: dict[str, Json] = {
    "Receipt": members(
        "Claims of a receipt (JWS, typ marac-receipt+jws). The first member says what matters most."
        " A change of a case is answered with fewer of them.",
        optional={
            "urgent": said(TEXT, "Comes first, when a life is in danger"),
            "referred_by": said(TEXT, "Whose referral it is, where another agency typed it in"),
            "entered_by": said(TEXT, "The agency that typed it in"),
            "level": code(RiskLevel),
            "criteria": each(code(Criterion)),
            "decision": members(outcome=code(Outcome), rule=TEXT, versions=ANYTHING),
            "state": code(CaseState),
            "reasons": each(TEXT),
            "must_record": each(TEXT),
            "missing": each(TEXT),
            "duties": each(TEXT),
            "routed": each(TEXT, "Kinds of agencies, never names"),
            "next": each(members(code=TEXT, by=TEXT, due_at=TIME)),
            "assessments": each(members(instrument=TEXT, score=NUMBER)),
            "note": said(TEXT, "Id of a private note"),
            "conference": said(TEXT, "For which research was returned"),
            "version": said(NUMBER, "Of a return of research"),
            "late": said(TRUTH, "It came after its day; it counts"),
            "number": said(NUMBER, "Of an action that was settled"),
            "status": said(TEXT, "How that action stands now"),
            "sealed_to": each(
                members(agency=TEXT, custody=code(Custody)), "Who holds the key of each recipient"
            ),
        },
        iss=said(TEXT, "The gateway"),
        aud=said(TEXT, "Your agency"),
        sub=REFERENCE,
        iat=NUMBER,
        custody=code(Custody, "Who holds your private keys; what is hosted, the host could read"),
        log=_PROOF,
    ),
    "Disclosure": members(
        "Claims of a sealed answer: a JWE to your agency's key around a JWS of the gateway.",
        optional={"worker": said(TEXT, "Who asked for you")},
        iss=TEXT,
        aud=TEXT,
        iat=NUMBER,
        jti=TEXT,
        form=TEXT,
        document=ANYTHING,
        receipt=members(
            "What was read, why, and on which basis. With something of a case, a receipt of it that"
            " stands by itself: keep `signed` with the part and its salt.",
            optional={
                "signed": said(TEXT, "JWS of the gateway (typ marac-disclosed+jws)"),
                "content": members("Of the digest of `document`", salt=DIGEST),
                "parts": each(members(salt=DIGEST, part=receipts.PART)),
            },
            purpose=code(Purpose),
            custody=code(Custody, "Who holds the key that this is sealed to"),
        ),
        log=_PROOF,
    ),
    "own-referral-1": {**_STATUS, "properties": {**_STATUS["properties"], "document": ANYTHING}},
    "disclosure-1": members(
        "A case as your agency may know it. An alert has the parts `alert` alone.",
        optional={
            "level": code(RiskLevel),
            "state": code(CaseState),
            "stage": code(Stage),
            "sections": each(_SECTION),
            "sealed": each(ANYTHING, "Sections sealed to you: open them with your own key"),
            "withheld": each(TEXT, "Sections of which you get less than all"),
            "alert": each(ANYTHING),
            "triage": said(ANYTHING, "For the coordinator alone: rule, links, members"),
        },
        reference=REFERENCE,
    ),
    "agenda-1": members(
        "The agenda as data, or as a file to open: `text` of a page, `base64` of a PDF.",
        optional={"agenda": ANYTHING, "text": TEXT, "base64": TEXT},
        media_type=code(("application/json", "text/html", "application/pdf")),
        file_name=TEXT,
    ),
    "access-1": members(reference=TEXT, entries=each(ANYTHING, "Who read what, when and why")),
    "research-requests-1": members(
        "What your agency is asked to look for, case by case.",
        conference=TEXT,
        requests=each(research.REQUEST),
    ),
    "research-own-1": research.OWN,
    **actions.SCHEMAS,
    "private-notes-1": members(
        "Notes of your own agency, sealed to its own keys. What is in one: private-note-text/1.",
        reference=REFERENCE,
        notes=each(
            members(
                note=TEXT,
                number=said(NUMBER, "From 1, among your own in the case"),
                kind=code(NoteKind),
                worker=or_null(said(TEXT, "Who wrote it for you")),
                at=TIME,
                kid=said(TEXT, "Of the key that opens it"),
                digest=said(DIGEST, "Of what is in it: compare"),
                jwe=said(TEXT, "JWE, typ marac-note+jwe"),
            )
        ),
        more=said(TRUTH, "Ask again after the last number"),
    ),
    **consent.SCHEMAS,
    **receipts.SCHEMAS,
    "ReferralList": members(items=each(_STATUS), next=or_null(TEXT)),
    "WithdrawalAnswer": members(outcome=code(("ABANDONED", "REQUESTED"))),
    "Recipients": members(
        recipients=each(
            members(agency=TEXT, kind=code(AgencyKind), sections=each(TEXT), key=_KEY),
            "Seal a copy of each section to the key of each",
        )
    ),
    "CaseList": members(
        items=each(
            members(
                reference=REFERENCE,
                kind=code(("ASSIGNED", "ALERT", "CHANGED", "CONFLICT", "GLASS", "ENDED")),
                level=or_null(code(RiskLevel)),
                state=or_null(code(CaseState)),
                at=or_null(TIME),
                notice=or_null(code(("OBJECTION", "ACTION"))),
            )
        ),
        next=said(TEXT, "Keep it for the next call"),
        more=said(TRUTH, "Call again at once"),
        checkpoint=_CHECKPOINT,
    ),
    "AcknowledgementAnswer": members(outcome=code(Acknowledgement)),
    "MatchAnswer": members(mark=TEXT, status=code(("CONFIRMED", "REJECTED"))),
    "Explanation": members(
        agency=TEXT,
        kind=code(AgencyKind),
        purpose=code(Purpose),
        stage=code(Stage),
        outcome=code(("ALLOWED", "REFUSED")),
        because=TEXT,
        sections=each(members(section=TEXT, level=code(Level), rule=TEXT)),
        versions=said({"type": "object"}, "The rule tables, by SHA-256"),
    ),
    "SealRequests": members(
        requests=each(
            members(
                reference=REFERENCE,
                section=TEXT,
                digest=said(DIGEST, "Of the text that you hold a copy of"),
                agency=said(TEXT, "Who is owed a copy"),
                kind=code(AgencyKind),
                key=_KEY,
                announced=said(ANYTHING, "Why the key is that agency's, as in /v1/directory/keys"),
                asked_at=or_null(TIME),
            )
        )
    ),
    "ConferenceAnswer": members(conference=said(TEXT, "Id of the conference")),
    "ListingAnswer": members(
        kind=code(ListingKind), state=code(CaseState), asked=each(TEXT, "Agencies now asked")
    ),
    "HearingAnswer": members(state=code(CaseState)),
    "Checkpoint": members(checkpoint=_CHECKPOINT, verifiers=each(TEXT, "C2SP verifier keys")),
    "LogProof": {
        "oneOf": [
            members(
                index=NUMBER, leaf=DIGEST, size=NUMBER, proof=each(DIGEST), checkpoint=_CHECKPOINT
            ),
            members(old=NUMBER, new=NUMBER, proof=each(DIGEST), checkpoint=_CHECKPOINT),
        ]
    },
    "Witnesses": members(
        witnesses=each(
            members(
                agency=TEXT,
                verifier=said(TEXT, "Its key, name+id+key of type 0x04"),
                statement=said(TEXT, "JWS by the agency's own signing key that this is its key"),
            )
        )
    ),
    "WitnessAnswer": members(verifier=TEXT),
    "CosignatureAnswer": members(size=NUMBER),
    "Agencies": members(
        agencies=each(
            members(
                agency=TEXT,
                name=TEXT,
                kind=code(AgencyKind),
                area=TEXT,
                custody=code(Custody, "Who holds the private key"),
                is_suspended=TRUTH,
                keys=each(_KEY),
                workers=each(members("A worker's own key", worker=TEXT, key=_KEY)),
            )
        )
    ),
    "KeyEvents": members(
        events=each(
            members(
                "One change, and why it is in the log: SHA-256 of salt and record is the commitment"
                " in the leaf",
                number=said(NUMBER, "From 1, without a gap"),
                event=code(KeyEvent),
                agency=TEXT,
                kid=or_null(said(TEXT, "Null: all keys of the agency")),
                record=said(TEXT, "The log's own record, byte for byte"),
                salt=DIGEST,
                commitment=DIGEST,
                index=NUMBER,
                leaf=DIGEST,
                proof=each(DIGEST),
            )
        ),
        more=said(TRUTH, "Call again at once, with the last number"),
        size=NUMBER,
        checkpoint=_CHECKPOINT,
    ),
}

SCHEMAS |= {
    "InterestsAnswer": members(people=said(NUMBER, "How many were declared; nothing of any case")),
    "WorkerKeyAnswer": members(
        act=code(WorkerKeyAct), kid=said(DIGEST, "Thumbprint of the key (RFC 7638)")
    ),
    "ConflictAnswer": members(act=code(ConflictAct)),
    "MoveAnswer": members(
        act=code(MoveAct),
        state=code(CaseState),
        optional={
            "confirmed": said({"const": False}, "A withdrawal that waits for a chair"),
            "reference": said(REFERENCE, "Of the new case, where one was taken on"),
        },
    ),
    "ReleaseAnswer": members(state=code(ReleaseState)),
    "RedactionAnswer": members(number=NUMBER, state=code(RedactionState)),
    "GlassAnswer": members(
        number=said(NUMBER, "Of the look, within its case"),
        state=code(("OPEN", "ASKED"), "A sample is asked for until the chair approves it"),
        until=or_null(TIME),
    ),
    "GlassReviewAnswer": members(
        number=NUMBER, outcome=code(("APPROVED", *(str(each) for each in GlassFinding)))
    ),
    "PrimaryVictimAnswer": members(outcome=code(PrimaryVictim)),
    "glass-1": members(
        "What lies behind broken glass: one category, in full.",
        reference=REFERENCE,
        number=NUMBER,
        state=TEXT,
        until=TIME,
        category=code(Category),
        sections=each(_SECTION),
    ),
}

# Operation -> its plain answer, or the document inside its sealed answer.
_PLAIN: Mapping[str, str] = {
    "list_referrals": "ReferralList",
    "withdraw_referral": "WithdrawalAnswer",
    "preview_routing": "Recipients",
    "list_cases": "CaseList",
    "list_due": "DueList",
    "list_actions": "ActionList",
    "list_flags": "FlagList",
    "take_flag_off": "FlagAnswer",
    "make_report": "Report",
    "acknowledge_case": "AcknowledgementAnswer",
    "settle_match": "MatchAnswer",
    "list_seal_requests": "SealRequests",
    "explain_case": "Explanation",
    "explain_change": "ExplainedChange",
    "plan_conference": "ConferenceAnswer",
    "list_conference_case": "ListingAnswer",
    "hear_case": "HearingAnswer",
    "read_checkpoint": "Checkpoint",
    "prove": "LogProof",
    "list_witnesses": "Witnesses",
    "register_witness": "WitnessAnswer",
    "cosign_checkpoint": "CosignatureAnswer",
    "list_directory": "Agencies",
    "list_key_events": "KeyEvents",
    "declare_interests": "InterestsAnswer",
    "settle_worker_key": "WorkerKeyAnswer",
    "settle_conflict": "ConflictAnswer",
    "settle_release": "ReleaseAnswer",
    "move_case": "MoveAnswer",
    "settle_redaction": "RedactionAnswer",
    "settle_approval": "ApprovalAnswer",
    "break_glass": "GlassAnswer",
    "review_glass": "GlassReviewAnswer",
    "review_primary_victim": "PrimaryVictimAnswer",
}
_SEALED: Mapping[str, str] = {
    "read_referral": "own-referral-1",
    "pull_case": "disclosure-1",
    "read_agenda": "agenda-1",
    "list_access": "access-1",
    "list_private_notes": "private-notes-1",
    "list_readings": "readings-1",
    "list_receipts": "receipts-1",
    "list_looks": "looks-1",
    "make_statement": "statement-1",
    "list_approvals": "approvals-1",
    "read_removed": "removed-1",
    "list_research": "research-requests-1",
    "read_actions": "actions-1",
    "read_research": "research-own-1",
    "look_behind_glass": "glass-1",
}


def response(declared: Operation) -> dict[str, Any]:
    """Return what an operation answers with when all is well.

    :raises KeyError: for an operation that nothing is said about.
    """
    content: dict[str, Any]
    if declared.name in _PLAIN:
        says, content = "What was asked for.", {"schema": ref(_PLAIN[declared.name])}
        if declared.name in examples.ANSWERS:
            content["example"] = examples.ANSWERS[declared.name]
    elif declared.answers.startswith("text/"):
        says, content = "A text to keep as it is.", {"schema": TEXT}
    elif declared.is_sealed:
        says = "A signed receipt: JWS, compact serialisation. Keep it."
        content = {"schema": _compact(3), "x-marac-document": ref("Receipt")}
        content["x-marac-example"] = examples.RECEIPT
    else:
        says = "Sealed to your agency's key: JWE, compact serialisation, around a JWS."
        content = {"schema": _compact(5), "x-marac-document": ref(_SEALED[declared.name])}
    return {
        "description": says,
        "headers": {"DPoP-Nonce": problems.HEADERS["DPoP-Nonce"]},
        "content": {declared.answers: content},
    }


def _compact(parts: int) -> Json:
    part = r"[A-Za-z0-9_-]"
    return {"type": "string", "pattern": rf"^{part}+(?:\.{part}*){{{parts - 1}}}$"}
