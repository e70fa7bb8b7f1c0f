"""Owns the pages on which a person leaves for the partnership's provider, and comes back.

The session's cookie does not come along when another site leads here, so the answer is a page of
its own that goes on by itself: from there on the browser asks as on any other page.
"""

from __future__ import annotations

from flask import Response, current_app, request
from werkzeug.wrappers import Response as Answer

from gateway.agencies import people
from gateway.agencies.people import Held
from gateway.agencies.single_sign_on import Proven, Provider, Round, Why, read_round
from gateway.desk import cookies, users
from gateway.desk.account import AFTER
from gateway.desk.guard import ANYBODY, Visit, page, public, require_rate
from gateway.desk.place import ROOT, house
from gateway.desk.render import show
from gateway.errors import Mismatch, NotFound
from gateway.flows import people as flows
from gateway.schemas.codes import Limited

_EVERYBODY = "@desk"
ANSWER = f"{ROOT}/sign-in/provider/answer"


@public("/sign-in/provider")
def sign_in_at_provider(visit: Visit) -> Answer:
    """Lead to the provider."""
    provider = _provider()
    require_rate(visit.house, Limited.PUBLIC, _EVERYBODY, visit.now)
    address, sealed = provider.begin(_key(visit), Why.SIGN_IN, visit.now)
    return _kept(_led(address), sealed)


@page("/prove/provider", roles=ANYBODY)
def prove_at_provider(visit: Visit) -> Answer:
    """Lead to the provider, to prove anew who it is."""
    asked = request.args.get("for", "")
    address, sealed = _signed_in(visit, Why.PROVE, asked if asked in AFTER else "account")
    return _kept(_led(address), sealed)


@page("/account/provider", roles=ANYBODY, method="POST", is_dangerous=True)
def link_at_provider(visit: Visit) -> Answer:
    """Show the way to the provider, to be known by it from then on."""
    address, sealed = _signed_in(visit, Why.LINK, "account")
    return _kept(show("provider", visit, did="go", called=_provider().name, to=address), sealed)


@public("/sign-in/provider/answer")
def answer_of_provider(visit: Visit) -> Answer:
    """Take who comes back for whom the provider named."""
    provider = _provider()
    require_rate(visit.house, Limited.PUBLIC, _EVERYBODY, visit.now)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        round_ = read_round(_key(visit), cookies.kept_round(app, request))
        proven = provider.finish(round_, request.args.to_dict(), visit.house.replay, visit.now)
        secret = _taken(visit, round_, proven)
    except (Mismatch, NotFound):
        visit.house.replay.count_failure("desk-provider", visit.now)
        answer = show("provider", status=403, did="failed", called=provider.name)
        cookies.drop_round(app, answer)
        return answer
    if secret:
        users.begin(secret)
    answer = show("provider", did="done", called=provider.name, to=AFTER.get(round_.then, ROOT))
    cookies.drop_round(app, answer)
    return answer


def _taken(visit: Visit, round_: Round, proven: Proven) -> str:
    """What the browser is to hold from now on; nothing where it goes on with what it has."""
    if round_.why is Why.SIGN_IN:
        row = people.find_subject(visit.house.sessions, proven.subject)
        person = row and people.find(visit.house.sessions, row.agency_id, row.worker_id, visit.now)
        if not person:
            raise Mismatch("Nobody is known by that.")
        with visit.work(person.caller) as work:
            return flows.sign_in_with_provider(work, proven)
    held = Held(round_.whose, bytes.fromhex(round_.session))
    now_in = people.standing(visit.house.sessions, held, visit.now)
    if now_in is None or now_in.person.refused is not None:
        raise Mismatch("The session has ended.")
    with visit.work(now_in.person.caller) as work:
        if round_.why is Why.PROVE:
            return flows.prove_with_provider(work, now_in, proven)
        flows.link_provider(work, proven)
    return ""


def _signed_in(visit: Visit, why: Why, then: str) -> tuple[str, str]:
    now_in = visit.signed_in
    if now_in is None:
        raise Mismatch("Nobody is signed in.")
    return _provider().begin(
        _key(visit),
        why,
        visit.now,
        whose=now_in.person.agency_id,
        session=now_in.digest.hex(),
        then=then,
    )


def _provider() -> Provider:
    """The provider of this service.

    :raises NotFound: if it has none.
    """
    found = house().provider
    if found is None:
        raise NotFound
    return found


def _led(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _key(visit: Visit) -> bytes:
    return visit.house.keys.cursor


def _kept(answer: Response, sealed: str) -> Answer:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    cookies.keep_round(app, answer, sealed)
    return answer
