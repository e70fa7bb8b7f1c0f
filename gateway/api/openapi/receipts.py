"""Owns what the operations about receipts answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from gateway.schemas.codes import ApprovalAct, ApprovalState, Level, Purpose, RedactionState

_LEVELS = {"type": "object", "additionalProperties": code(Level)}
PART = members(
    "What was given of one case. Its salted SHA-256 stands among the `parts` that are signed.",
    reference=REFERENCE,
    t=said(TEXT, "When"),
    agency=TEXT,
    worker=said(TEXT, "Who asked for the agency"),
    purpose=code(Purpose),
    because=TEXT,
    basis=each(TEXT),
    levels=said(_LEVELS, "What was given, by section"),
    withheld=each(
        members(section=TEXT, level=code(Level), why=TEXT),
        "Sections of which the reader knows that it gets less than all, and why",
    ),
    versions=said(ANYTHING, "SHA-256 of each rule table that decided"),
    log=members("Its line in the access log", commitment=DIGEST, salt=DIGEST),
)
_KEPT = members(
    "For the auditor: what the decision rested on, and all that was withheld",
    state=TEXT,
    consent=members(version=NUMBER, outcome=TEXT, position=TEXT),
    withheld=each(
        members(section=TEXT, owner=TEXT, level=code(Level), rule=TEXT, why=TEXT),
    ),
)
SCHEMAS: Mapping[str, dict[str, Any]] = {
    "receipts-1": members(
        "What one agency was given of a case up to a moment.",
        reference=REFERENCE,
        agency=TEXT,
        until=TIME,
        known=each(members(section=TEXT, level=code(Level), first_at=TIME, last_at=TIME)),
        receipts=each(
            members(
                optional={
                    "signed": said(TEXT, "JWS of the gateway (typ marac-disclosed+jws)"),
                    "salt": said(DIGEST, "Of the digest of `part`"),
                    "kept": _KEPT,
                },
                at=TIME,
                form=TEXT,
                part=PART,
            )
        ),
        next=or_null(said(NUMBER, "`after` of the next page")),
    ),
    "ExplainedChange": members(
        "What an agency would see if something were otherwise.",
        before=ref("Explanation"),
        after=ref("Explanation"),
        changes=each(members(section=TEXT, was=code(Level), now=code(Level), rule=TEXT)),
        in_words=each(TEXT, "The same in plain sentences"),
    ),
    "ApprovalAnswer": members(number=NUMBER, act=code(ApprovalAct)),
    "approvals-1": members(
        "What was asked for case by case, and what became of it.",
        reference=REFERENCE,
        approvals=each(
            members(
                number=NUMBER,
                agency=TEXT,
                worker=said(TEXT, "Who asked"),
                section=TEXT,
                state=code(ApprovalState),
                asked_at=TIME,
                reason=TEXT,
                by=or_null(members("Who answered", agency=TEXT, worker=TEXT)),
                at=or_null(TIME),
                until=or_null(said(TEXT, "The last day on which it is open")),
                why=or_null(TEXT),
            )
        ),
    ),
    "removed-1": members(
        "What was taken out of your sections, and what stood there before.",
        reference=REFERENCE,
        redactions=each(
            members(
                number=NUMBER,
                section=TEXT,
                state=code(RedactionState),
                places=each(TEXT),
                agency=said(TEXT, "Who drafted it"),
                worker=TEXT,
                at=TIME,
                before=each(
                    members(salt=said(TEXT, "Of the digest in the log"), content=ANYTHING),
                    "Each whole text from before; none of a draft, which took nothing out",
                ),
            )
        ),
    ),
    "statement-1": members(
        "Who looked at what is kept about a victim, for her adviser to hand over.",
        reference=REFERENCE,
        made_at=TIME,
        lines=each(members(on=TEXT, who=TEXT, what=each(TEXT), why=TEXT, basis=TEXT)),
        text=said(TEXT, "The statement itself; it names nobody"),
    ),
    "looks-1": members(
        "Who was given what your agency contributed.",
        looks=each(
            members(
                reference=REFERENCE,
                at=TIME,
                agency=or_null(said(TEXT, "null: an agency whose name tells where she is")),
                sections=each(TEXT, "Of those that you contributed"),
                behind_glass=TRUTH,
            )
        ),
        next=said(TEXT, "Cursor of the next page"),
        more=TRUTH,
    ),
}
