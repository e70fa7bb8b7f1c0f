"""The only place where sealed case data becomes readable: decide, record, open what is allowed."""

from gateway.disclosure.answers import Sealed, proof, seal_answer, sign_receipt
from gateway.disclosure.boxes import (
    ALERT_PART,
    SCAN_PART,
    Box,
    CaseKey,
    Contribution,
    contribute,
    derive,
    grant_new,
    new_case_key,
    open_case_key,
    regrant,
    seal_value,
)
from gateway.disclosure.facts import list_facts, members_of, section_facts
from gateway.disclosure.opening import (
    Disclosed,
    Explained,
    Piece,
    disclose,
    disclose_many,
    explain,
    may_know,
    require_purpose,
)

__all__ = [
    "ALERT_PART",
    "SCAN_PART",
    "Box",
    "CaseKey",
    "Contribution",
    "Disclosed",
    "Explained",
    "Piece",
    "Sealed",
    "contribute",
    "derive",
    "disclose",
    "disclose_many",
    "explain",
    "grant_new",
    "list_facts",
    "may_know",
    "members_of",
    "new_case_key",
    "open_case_key",
    "proof",
    "regrant",
    "require_purpose",
    "seal_answer",
    "seal_value",
    "section_facts",
    "sign_receipt",
]
