"""Owns what is said about errors: every code of a problem document, and which answer has which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.operations import Operation
from gateway.api.problem import MEDIA_TYPE

# Code -> status, and what it means and what to do. A test compares it with the code of the service.
REQUESTS: Mapping[str, tuple[int, str]] = {
    "bad_request": (400, "The request is not well formed."),
    "bad_after": (400, "The number in the query is not one."),
    "bad_agency": (400, "The agency in the query is not an agency id."),
    "bad_commit": (400, "The commitment in the query is not one."),
    "bad_on": (400, "That is no day, or no tables are in force on it."),
    "bad_position": (400, "That is no position, or not yours to suppose."),
    "bad_stage": (400, "That is no stage."),
    "no_change": (400, "Say what is to be otherwise: position, on or stage."),
    "bad_until": (400, "That is no moment in UTC, such as 2026-11-23T10:00:00Z."),
    "bad_cursor": (400, "The cursor is not one that this operation gave you."),
    "bad_format": (400, "The format in the query is not json, html or pdf."),
    "bad_new": (400, "The later size in the query is not a number."),
    "bad_old": (400, "The earlier size in the query is not a number."),
    "bad_quarter": (400, "That is no quarter, such as 2026-Q4."),
    "bad_why": (400, "A report is made for NATIONAL_RETURN, STEERING_GROUP or OWN_WORK."),
    "bad_purpose": (400, "The purpose in the query is not one that this operation takes."),
    "bad_json": (400, "The text is not JSON."),
    "bad_number": (400, "A number in the JSON is not finite."),
    "bad_text": (400, "The JSON holds a character that is not allowed."),
    "bad_utf8": (400, "The JSON is not UTF-8 without a byte order mark."),
    "duplicate_member": (400, "An object in the JSON has the same member twice."),
    "too_deep": (400, "The JSON is nested too deeply."),
    "agency_missing": (400, "Say in the query which agency you ask about."),
    "commit_missing": (400, "Say in the query which commitment you ask about."),
    "expired": (400, "The document's exp has passed. Sign it again."),
    "issued_in_future": (400, "The document's iat lies ahead. Set your clock."),
    "idempotency_key_missing": (400, "Send an Idempotency-Key: a UUID in its usual spelling."),
    "quarter_missing": (400, "Say in the query which quarter is counted."),
    "why_missing": (400, "Say in the query what the report is made for."),
    "purpose_missing": (400, "Say in the query why you read: P1 to P11."),
    "purpose_not_allowed": (400, "An agency of your kind does not read for this purpose."),
    "replayed_jti": (400, "The document was used before. Sign it again with a new jti."),
    "undecipherable": (
        400,
        "The envelope could not be opened, or is not by your agency, for this gateway, now.",
    ),
    "unknown_form": (400, "There is no such form, or not in this version."),
    "unknown_instrument": (400, "The area has no such risk instrument, or not in this version."),
    "unknown_item": (400, "The risk instrument has no such item."),
    "wrong_audience": (400, "The document's aud is not this gateway."),
    "unknown_parameter": (400, "The operation has no such query parameter."),
    "invalid_dpop_proof": (401, "The proof of possession does not hold. Sign a fresh one."),
    "invalid_token": (401, "The access token does not hold. Get a new one."),
    "missing_token": (401, "Send an access token: Authorization: DPoP …"),
    "use_dpop_nonce": (401, "Repeat with the nonce of the DPoP-Nonce header in the proof."),
    "insufficient_scope": (403, "The token lacks the scope of this operation."),
    "mismatch": (403, "The document names another worker than the token does."),
    "not_found": (
        404,
        "There is nothing there for you. What does not exist and what is not yours look the same.",
    ),
    "method_not_allowed": (405, "This address does not take this method."),
    "actions_open": (409, "Actions are open; the chair may close the case with a reason."),
    "already_listed": (409, "The case is on this list already."),
    "challenged_before": (409, "A refusal is challenged once."),
    "chair_only": (409, "This step is the chair's."),
    "circulated": (409, "Its list is out: the conference hears it first, or both areas agree."),
    "receiver_only": (409, "The area that it was offered to answers for itself."),
    "high_risk": (409, "An objection alone withdraws no high-risk case."),
    "not_whole": (409, "What was sent of the case is not there any more."),
    "conflict": (409, "The request contradicts what already stands."),
    "declarations_missing": (409, "Not everyone in the room has signed for confidentiality."),
    "deferred_before": (409, "A case is deferred once."),
    "idempotency_key_reused": (409, "The Idempotency-Key was used for other content."),
    "illegal_state": (409, "The case does not go there from where it stands."),
    "counter": (409, "The two accuse each other; each record stays its own."),
    "glass_unreviewed": (409, "Your last look behind the glass was not reviewed yet."),
    "no_counter": (409, "No record has the same people the other way round."),
    "step_up_needed": (
        409,
        "Prove afresh who you are: auth_time (at most 5 minutes old) and amr in the assertion.",
    ),
    "deputy_tied": (409, "This worker is tied to somebody in the case, too. Name another."),
    "deputy_undeclared": (409, "A deputy first declares whom it is close to."),
    "deputy_without_key": (409, "A deputy first registers a key of its own."),
    "changed_meanwhile": (409, "Somebody changed it since it was read. Read it again."),
    "match_settled": (409, "Somebody said before whether these are the same."),
    "too_many": (409, "So much has been begun that some has to be sent or dropped first."),
    "declaration_changed": (
        409,
        "Another text of the declaration is in force. Read it again, and sign that.",
    ),
    "declaration_missing": (409, "Sign the declaration of this conference first, at the desk."),
    "not_begun": (409, "The meeting has not begun."),
    "not_over": (409, "The meeting is not over yet."),
    "meeting_over": (409, "The meeting is over."),
    "case_open": (409, "A case is still open in the meeting."),
    "case_not_open": (409, "The case is not open in this meeting."),
    "minutes_closed": (
        409,
        "The minutes of this case are closed; what is wrong in them is corrected.",
    ),
    "not_safe": (409, "By the record this way or time was not safe."),
    "own_keys": (409, "The agency keeps this in its own software."),
    "sent_by_software": (409, "It was sent by software, and is mended there."),
    "signs_in": (409, "Somebody of that agency signs in, and takes its papers at the desk."),
    "another_person": (409, "Somebody else has signed in at this browser since."),
    "nothing_to_send": (409, "Nothing of this conference waits to go out."),
    "left_out": (409, "That agency may not know of the case, so it has nothing to do in it."),
    "not_yours": (409, "This step of an action is for somebody else."),
    "no_flag": (409, "No flag stands on the case."),
    "flag_stands": (409, "The period of the flag has not ended."),
    "list_locked": (409, "The list of this conference stands: only the chair adds to it."),
    "in_progress": (409, "The first request under this Idempotency-Key is still at work. Wait."),
    "legal_hold": (409, "The case is kept by law."),
    "needs_coordinator_and_chair": (409, "This step takes the coordinator and the chair."),
    "not_safe_to_tell": (409, "Nobody recorded that it is safe to tell her."),
    "nothing_to_override": (409, "The case is shared as she agreed: no override record is due."),
    "recall_open": (409, "The referrer asked for its referral back. Pull the case, then decide."),
    "under_age": (409, "The victim is under 16: children's social care leads."),
    "same_person": (409, "Another person does this than the one it is about."),
    "too_large": (413, "The body is larger than 4 MB."),
    "unsupported_media_type": (415, "Send the media type that the operation takes."),
    "invalid": (422, "The document is not of its form. Each fault has a code and a pointer."),
    "not_sealed": (422, "A section that must be sealed is not sealed to all its recipients."),
    "too_many_requests": (
        429,
        "Your agency asks this too often. Wait the seconds of Retry-After, then go on.",
    ),
    "error": (500, "A fault of ours. Nothing was disclosed; try again later."),
    "unavailable": (
        503,
        "A part that must work is down. Nothing was disclosed or changed; try again later.",
    ),
    "log_behind": (
        503,
        "More lines wait for their place in the access log than may. Nothing was done; ask again "
        "after the seconds of Retry-After.",
    ),
    "not_ready": (
        503,
        "An agency that the case must reach is not registered yet. Nothing was kept; its operator "
        "has to register it first.",
    ),
}

# Codes of a fault in a document or query that no form has, only the service itself.
_RESPONSES: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "The request is not well formed."),
    401: ("Unauthorized", "The token or its proof does not hold."),
    403: ("Forbidden", "The token lacks the scope, or names another worker."),
    404: ("NotFound", "There is nothing there for you."),
    409: ("Conflict", "The request contradicts what already stands."),
    413: ("TooLarge", "The body is too large."),
    415: ("WrongMediaType", "The body is of another media type."),
    422: ("Invalid", "The document is not of its form; each fault has a code and a pointer."),
    429: ("TooMany", "Your agency asks this too often, or everybody the log."),
    500: ("Fault", "A fault of ours."),
    503: ("Unavailable", "A part that must work is down; nothing was disclosed or changed."),
}

HEADERS: Mapping[str, Mapping[str, Any]] = {
    name: {"description": says, "schema": {"type": "string"}}
    for name, says in {
        "WWW-Authenticate": "The scheme DPoP and the error.",
        "Retry-After": "Seconds to wait.",
        "DPoP-Nonce": "The nonce to put into the next proof; good for one to two minutes.",
    }.items()
}
_HEADERS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate", "DPoP-Nonce"),
    403: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def listed() -> list[dict[str, Any]]:
    """Return every code with its status and its words, as they are published."""
    return [
        {"code": code, "status": status, "says": says} for code, (status, says) in REQUESTS.items()
    ]


def responses() -> dict[str, Any]:
    """Return the answers that several operations share, each with its codes."""
    return {name: _response(status, says) for status, (name, says) in _RESPONSES.items()}


def of(declared: Operation) -> dict[str, Any]:
    """Return the errors that an operation can answer with, each with its codes."""
    found: dict[str, Any] = {}
    for status, (name, says) in _RESPONSES.items():
        codes = [code for code in _codes(status) if _concerns(declared, code)]
        if codes:
            described = f"{says} Codes: {', '.join(codes)}."
            found[str(status)] = {
                "$ref": f"#/components/responses/{name}",
                "description": described,
            }
    return found


# What only some operations can answer with: the code, and what an operation must have for it.
_OF_ONCE = frozenset({"idempotency_key_missing", "idempotency_key_reused", "in_progress"})
_OF_SEALED = frozenset(
    {"mismatch", "not_sealed", "replayed_jti", "undecipherable", "unknown_form"}
    | {"unknown_instrument", "unknown_item", "expired", "issued_in_future", "wrong_audience"}
)
_OF_JSON = frozenset(
    {"bad_json", "bad_number", "bad_text", "bad_utf8", "duplicate_member", "too_deep"}
)
_OF_DECISION = frozenset(
    {"actions_open", "challenged_before", "chair_only", "declarations_missing", "deferred_before"}
    | {"legal_hold", "needs_coordinator_and_chair", "under_age"}
)
_OF_TWO = (
    "settle_worker_key",
    "settle_conflict",
    "settle_release",
    "move_case",
    "settle_redaction",
    "review_glass",
)
_OF_MOVE = frozenset({"circulated", "receiver_only", "high_risk", "not_whole"})
_OF_CONFLICT = frozenset({"deputy_tied", "deputy_undeclared", "deputy_without_key"})
_QUERIES = frozenset(
    {"after", "agency", "commit", "cursor", "format", "new", "old", "purpose", "quarter", "why"}
)


def _concerns(declared: Operation, code: str) -> bool:
    has_body = declared.form is not None
    needs = {
        **dict.fromkeys(_OF_JSON, has_body),
        **dict.fromkeys(_OF_ONCE, declared.is_once),
        **dict.fromkeys(_OF_SEALED, declared.is_sealed),
        **dict.fromkeys(_OF_DECISION, declared.name == "decide_case"),
        **dict.fromkeys(_OF_MOVE, declared.name == "move_case"),
        "actions_open": declared.name in ("decide_case", "move_case"),
        "needs_coordinator_and_chair": declared.name in ("decide_case", "move_case"),
        **dict.fromkeys(_OF_CONFLICT, declared.name == "settle_conflict"),
        "chair_only": declared.name in ("decide_case", "settle_conflict", "move_case"),
        "challenged_before": declared.name == "challenge_referral",
        "step_up_needed": declared.name == "break_glass",
        "glass_unreviewed": declared.name == "break_glass",
        "no_counter": declared.name == "review_primary_victim",
        "counter": declared.name == "decide_case",
        "same_person": declared.name in _OF_TWO,
        "use_dpop_nonce": declared.is_write,
        **_of_query({query.name for query in declared.query}),
    }
    if (
        code == "invalid"
    ):  # also a commitment that is none, sizes that the log never had, or a quarter
        return has_body or declared.name in ("prove", "make_report")
    by_status = {409: declared.is_once, 413: has_body, 415: has_body, 422: has_body}
    return needs.get(code, by_status.get(REQUESTS[code][0], True))


def _of_query(asked: set[str]) -> dict[str, bool]:
    """The codes that belong to query parameters, and whether an operation has them."""
    codes = {f"bad_{name}": name in asked for name in _QUERIES}
    codes |= {f"{name}_missing": name in asked for name in _QUERIES}
    return codes | {"purpose_not_allowed": "purpose" in asked}


def _codes(status: int) -> list[str]:
    return [code for code, (each, _) in REQUESTS.items() if each == status]


def _response(status: int, says: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": f"{says} Codes: {', '.join(_codes(status))}.",
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/problem-1"}},
        },
    }
    if names := _HEADERS.get(status):
        found["headers"] = {name: HEADERS[name] for name in names}
    return found
