"""The door to cases: what is new, one case sealed, answers to it, the log of it, decisions."""

from __future__ import annotations

from flask import Response

from gateway.agencies import cursors, inbox
from gateway.agencies.inbox import JOSE_TYPE
from gateway.api.answers import as_json, as_kept, as_sealed, time
from gateway.api.operations import CURSOR, P10, PURPOSE, Call, op, read_reference
from gateway.flows import cases, referrals
from gateway.ledger import Work, sequence
from gateway.schemas.codes import Scope


@op(
    "GET",
    "/cases",
    scope=Scope.CASES_READ,
    summary="See what is new",
    query=(CURSOR,),
)
def list_cases(call: Call) -> Response:
    """What became new for your agency since the cursor, oldest first: reference, kind (ASSIGNED,
    ALERT, CHANGED, CONFLICT, GLASS, ENDED), level, state, and as notice OBJECTION where the victim
    objects or ACTION where one is yours to do; names nobody. Keep `next` for the next call:
    nothing is skipped and nothing comes twice."""
    glimpse, cursor = call.look(), call.query.get("cursor")
    if glimpse is not None:
        with glimpse as work:
            nothing = cases.find_nothing(work, cursors.unseal(work, cursor, "cases"))
            if nothing is not None:
                return _page(work, nothing)
    sequence(call.house.sessions, call.house.keys, now=call.now)
    with call.work() as work:
        return _page(work, cases.list_new(work, cursors.unseal(work, cursor, "cases")))


def _page(work: Work, found: cases.Feed) -> Response:
    following = cursors.seal(work, found.place, "cases")
    items = [
        {
            "reference": item.reference,
            "kind": item.kind,
            "level": item.level,
            "state": item.state,
            "at": time(item.at),
            "notice": item.notice,
        }
        for item in found.items
    ]
    return as_json(
        {"items": items, "next": following, "more": found.more, "checkpoint": found.checkpoint}
    )


@op(
    "GET",
    "/cases/<reference>",
    scope=Scope.CASES_READ,
    summary="Pull a case",
    query=(PURPOSE,),
    answers=JOSE_TYPE,
)
def pull_case(call: Call, reference: str) -> Response:
    """The case as your agency may know it for this purpose, sealed to your agency's key: sections
    at their level, sealed copies for you, and a receipt of the disclosure."""
    with call.work() as work:
        sealed = cases.pull(work, read_reference(reference), call.purpose, issuer=call.base_url)
    return as_sealed(call, sealed)


@op(
    "POST",
    "/cases/<reference>/acknowledgement",
    scope=Scope.CASES_WRITE,
    summary="Take a case on, or decline it",
    form="acknowledgement/1",
    once=True,
    example={"outcome": "ACCEPTED"},
)
def acknowledge_case(call: Call, reference: str) -> Response:
    """Your agency's answer to a case it was assigned; the coordinator sees it."""
    stored, data = read_reference(reference), call.data

    def act() -> dict[str, str]:
        cases.acknowledge(work, stored, data["outcome"], data.get("reason"))
        return {"outcome": str(data["outcome"])}

    with call.work() as work:
        asked = {"acknowledgement": stored, **{name: str(value) for name, value in data.items()}}
        answer = inbox.once(work, call.key, asked, act)
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/matches",
    scope=Scope.CASES_WRITE,
    summary="Say whether a suggested match is the same people",
    form="match/1",
    once=True,
    example={"mark": "0a1b2c3d4e5f6071", "same": True},
)
def settle_match(call: Call, reference: str) -> Response:
    """By the case's coordinator, once for each match that the case names. It changes nothing in
    either case; what was rejected is no repeat."""
    stored, data = read_reference(reference), call.data
    with call.work() as work:
        answer = inbox.once(
            work,
            call.key,
            {"match": stored, "mark": data["mark"], "same": data["same"]},
            lambda: cases.settle_match(work, stored, data["mark"], is_same=data["same"]),
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/positions",
    scope=Scope.CASES_WRITE,
    summary="Record the victim's position",
    form="position/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def record_position(call: Call, reference: str) -> Response:
    """By the referrer or an assigned agency. Who may read is decided anew at once."""
    with call.work() as work:
        answer = referrals.record_position(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/decisions",
    scope=Scope.CASES_WRITE,
    summary="Decide about a referral",
    form="decision/1",
    sealed=True,
    once=True,
    status=201,
    answers=JOSE_TYPE,
)
def decide_case(call: Call, reference: str) -> Response:
    """By the case's coordinator: accept, return, reject, redirect, merge, emergency."""
    with call.work() as work:
        answer = cases.decide(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/moves",
    scope=Scope.CASES_WRITE,
    summary="Withdraw, close or transfer a case",
    form="move/1",
    sealed=True,
    once=True,
    status=201,
)
def move_case(call: Call, reference: str) -> Response:
    """By the case's coordinator: withdraw it, which a chair confirms; close it; offer it to the
    area she moved to, or call that back. The coordinator of that area takes it on, as a case of its
    own whose reference is answered, or declines; until then the old area keeps it."""
    with call.work() as work:
        answer = referrals.move_case(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "GET",
    "/cases/<reference>/access",
    scope=Scope.LOG_READ,
    summary="See who read what of a case",
    query=(P10,),
    answers=JOSE_TYPE,
)
def list_access(call: Call, reference: str) -> Response:
    """The log of a case, sealed to your agency: for its coordinator all readings, for a
    contributor those of what it contributed. Refusals are for the chair and the auditor."""
    with call.work() as work:
        sealed = cases.list_access(work, read_reference(reference), issuer=call.base_url)
    return as_sealed(call, sealed)


@op(
    "POST",
    "/cases/<reference>/conflicts",
    scope=Scope.CASES_WRITE,
    summary="Settle who reads where somebody is tied",
    form="conflict/1",
    sealed=True,
    once=True,
    status=201,
)
def settle_conflict(call: Call, reference: str) -> Response:
    """By the case's coordinator: name a deputy, confirm a newcomer, set somebody aside; by the
    chair: lift what was found. Any worker may set itself aside."""
    with call.work() as work:
        answer = cases.settle_conflict(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/releases",
    scope=Scope.CASES_WRITE,
    summary="Say whether a team that serves both may know where she is",
    form="release/1",
    sealed=True,
    once=True,
    status=201,
)
def settle_release(call: Call, reference: str) -> Response:
    """By a second person, a worker of the case's coordinator: a protected address or safe contact
    goes to a team that also serves the alleged perpetrator only when somebody else agreed. In
    danger to life it goes first, and this is the review that is due within 24 hours."""
    with call.work() as work:
        answer = cases.settle_release(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/glass",
    scope=Scope.CASES_READ,
    summary="Break the glass",
    form="break-glass/1",
    sealed=True,
    once=True,
    status=201,
)
def break_glass(call: Call, reference: str) -> Response:
    """By a worker who proved who it is at most five minutes ago (`auth_time` and `amr` in the
    assertion): one category of a high-risk case, for an hour, with a reason. The case's owner, the
    chair and the data protection officer are told at once, and it is reviewed within two working
    days; until then the worker breaks no other."""
    with call.work() as work:
        answer = cases.break_glass(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "GET",
    "/cases/<reference>/glass",
    scope=Scope.CASES_READ,
    summary="Look behind the glass that you broke",
    answers=JOSE_TYPE,
)
def look_behind_glass(call: Call, reference: str) -> Response:
    """The category that your worker broke the glass for, in full, while its hour lasts."""
    with call.work() as work:
        sealed = cases.look_behind(work, read_reference(reference), issuer=call.base_url)
    return as_sealed(call, sealed)


@op(
    "POST",
    "/cases/<reference>/glass/reviews",
    scope=Scope.CASES_WRITE,
    summary="Review a look behind the glass",
    form="glass-review/1",
    sealed=True,
    once=True,
    status=201,
)
def review_glass(call: Call, reference: str) -> Response:
    """By the chair: was it justified? Also approves the sample that an auditor asks for."""
    with call.work() as work:
        answer = cases.review_glass(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)


@op(
    "POST",
    "/cases/<reference>/primary-victim",
    scope=Scope.CASES_WRITE,
    summary="Say who is found to be the primary victim",
    form="primary-victim/1",
    sealed=True,
    once=True,
    status=201,
)
def review_primary_victim(call: Call, reference: str) -> Response:
    """By the chair, where two records have the same people the other way round. What was found is
    kept in both, its account in this one alone."""
    with call.work() as work:
        answer = cases.review_primary_victim(
            work, read_reference(reference), call.body, audience=call.base_url, key=call.key
        )
    return as_kept(answer)
