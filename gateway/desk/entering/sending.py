"""Owns the last page of a referral that was typed in: what tells where she is, and sending it.

What is typed here of her contact and her address is sealed as it is sent, and kept nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as Answer

from gateway.desk import terms
from gateway.desk.entering import pages
from gateway.desk.entering.drafts import (
    agency_name,
    document_of,
    faults_of,
    names_of,
    read_typed,
    seen_version,
    standing,
    zone_of,
)
from gateway.desk.entering.pages import ADDRESS, CONTACT, PROTECTED_ADDRESS, SAFE_CONTACT, SEND
from gateway.desk.entering.questions import ABSENCE, Ask, Asking, Node, asked, said
from gateway.desk.guard import Visit, page
from gateway.desk.place import ROOT
from gateway.desk.render import show
from gateway.errors import Conflict, Invalid, NotFound
from gateway.flows import referrals
from gateway.flows.referrals import CHANGED, Draft
from gateway.rules.desk import ENTERS
from gateway.schemas.typed import Typed, first, place_of, to_document, without
from gateway.sealing import jose

_NO_CONTACT = "/victim/contact/absent"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was typed on this page, and what is wrong: (code, pointer).

    `seen` is the version of the draft that its reader was told of last.
    """

    seen: int
    typed: Typed = field(default_factory=dict, repr=False)
    faults: Sequence[tuple[str, str]] = ()
    more: Sequence[str] = ()
    said: str = ""
    is_stale: bool = False  # somebody saved something of the draft meanwhile


@page(f"/drafts/<draft_id>/{SEND}", roles=ENTERS)
def check_draft(visit: Visit, draft_id: str) -> Answer:
    """Show what is still missing anywhere, and ask for what is sealed as it is sent."""
    with visit.work() as work:
        draft = referrals.read_draft(work, draft_id)
    return _show(visit, draft, Tried(draft.version))


@page(f"/drafts/<draft_id>/{SEND}", roles=ENTERS, method="POST")
def send_draft(visit: Visit, draft_id: str) -> Answer:
    """Send the referral; what was typed stays in the page if that cannot be done."""
    do, typed, seen = request.form.get("do", ""), read_typed(SEND), seen_version()
    with visit.work() as work:
        sent = referrals.find_sent(work, draft_id)
    if sent is not None:  # the same form again, perhaps from another window
        return redirect(f"{ROOT}/drafts/{draft_id}/sent", 303)
    with visit.work() as work:
        draft = referrals.read_draft(work, draft_id)
    if do.startswith("add:"):
        return _show(visit, draft, Tried(seen, typed, more=[do.removeprefix("add:")]))
    if do.startswith("remove:"):
        at, _, number = do.removeprefix("remove:").rpartition("#")
        is_number = number.isascii() and number.isdigit()
        kept = without(typed, at, int(number)) if is_number else typed
        return _show(visit, draft, Tried(seen, kept))
    if seen != draft.version:
        return _show(visit, draft, Tried(draft.version, typed, is_stale=True))
    return _send(visit, draft, typed)


def _send(visit: Visit, draft: Draft, typed: Typed) -> Answer:
    """Send a draft as it was read, unless it was saved since."""
    document, protected = _made(visit, draft, typed)
    base_url = visit.house.settings.base_url
    try:
        with visit.work() as work:
            referrals.send_draft(
                work, draft.id, document, protected, seen=draft.version, audience=base_url
            )
    except Invalid as error:
        faults = [(each.code, each.pointer) for each in error.problems]
        return _show(visit, draft, Tried(draft.version, typed, faults, said=error.message))
    except Conflict as error:
        if error.code != CHANGED:
            raise
        with visit.work() as work:
            draft = referrals.read_draft(work, draft.id)
        return _show(visit, draft, Tried(draft.version, typed, is_stale=True))
    return redirect(f"{ROOT}/drafts/{draft.id}/sent", 303)


@page("/drafts/<draft_id>/sent", roles=ENTERS)
def sent_draft(visit: Visit, draft_id: str) -> Answer:
    """Say what became of it: the receipt, in words."""
    with visit.work() as work:
        found = referrals.find_sent(work, draft_id)
        if found is None:  # inside: recorded like a refusal
            raise NotFound
    claims = json.loads(jose.read_signed(found.body.decode()).payload)
    return show(
        "sent",
        visit,
        claims=claims,
        sender=agency_name(visit, claims.get("referred_by", visit.person.agency_id)),
        terms=terms,
    )


def _made(visit: Visit, draft: Draft, typed: Typed) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document as it is sent, and what is sealed with it."""
    zone = zone_of(visit)
    every = {**draft.typed, **typed}
    document = document_of(visit, {n: t for n, t in every.items() if not n.startswith("/sealed")})
    protected: dict[str, Any] = {}
    if contact := to_document(SAFE_CONTACT, typed, zone, CONTACT):
        channels = [_complete(each) for each in contact.get("channels", ())]
        protected["safe_contact"] = {**contact, "channels": channels}
    if _is_hidden(draft) and (place := to_document(PROTECTED_ADDRESS, typed, zone, ADDRESS)):
        chosen = first(draft.typed, "/victim/address_classification")
        protected["protected_address"] = {**place, "classification": chosen}
    if victim := document.get("victim"):
        is_kept = "safe_contact" in draft.kept and not first(typed, _NO_CONTACT)
        if "safe_contact" in protected or is_kept:
            victim["contact"] = {"value": "SEALED"}
        if _is_hidden(draft):
            victim.setdefault("address", {"absent": "UNSAFE_TO_ASK"})
    return document, protected


def _complete(channel: Any) -> Any:
    """A channel whose safe times nobody gave has none."""
    return {"safe_windows": [], **channel} if isinstance(channel, dict) else channel


def _is_hidden(draft: Draft) -> bool:
    return pages.is_hidden(first(draft.typed, "/victim/address_classification"))


def _blocks(draft: Draft, asking: Asking) -> list[tuple[str, list[Node]]]:
    contact = asking.of_form(SAFE_CONTACT, CONTACT)
    found = [("How to reach her safely", [*contact, _no_contact(asking)])]
    if _is_hidden(draft):
        names = ("address", "organisation", "po_box", "landlord", "previous_addresses", "notes")
        found.append(("Where she is", asking.of_form(PROTECTED_ADDRESS, ADDRESS, names)))
    return found


def _no_contact(asking: Asking) -> Ask:
    return Ask(
        _NO_CONTACT,
        "If no safe way is known, why",
        "one",
        value=first(asking.typed, _NO_CONTACT),
        options=ABSENCE,
        fault=asking.faults.get(_NO_CONTACT, ""),
    )


def _show(visit: Visit, draft: Draft, tried: Tried) -> Answer:
    here = [n for _, nodes in _blocks(draft, Asking(tried.typed, {}, tried.more)) for n in nodes]
    names = names_of(here)
    wrong: dict[str, str] = {}
    elsewhere = []
    for code, pointer in _faults(visit, draft, tried):
        name = place_of(pointer, names) if _is_here(pointer) else ""
        if name:
            wrong.setdefault(name, said(code))
        else:
            elsewhere.append((code, pointer))
    asking = Asking(tried.typed, wrong if tried.faults else {}, tried.more)
    return show(
        "send",
        visit,
        status=409 if tried.is_stale else 422 if tried.faults else 200,
        draft=draft,
        blocks=_blocks(draft, asking),
        wrong=[(each.name, wrong[each.name]) for each in asked(here) if each.name in wrong]
        if tried.faults
        else [],
        states=standing(draft, elsewhere),
        lacking=len(elsewhere),
        agency=agency_name(visit, draft.agency_id),
        is_own=draft.agency_id == visit.person.agency_id,
        is_hidden=_is_hidden(draft),
        tried=tried,
        send=SEND,
        places=pages.PLACES,
        titles=pages.TITLES,
        terms=terms,
    )


def _faults(visit: Visit, draft: Draft, tried: Tried) -> list[tuple[str, str]]:
    document, _ = _made(visit, draft, tried.typed)
    if "victim" in document and not tried.faults:
        document["victim"].setdefault("contact", {"absent": "UNKNOWN"})
    of_sealed = [(c, _below(p)) for c, p in tried.faults if _is_sealed(p)]
    plain = faults_of(document)
    rest = [(c, p) for c, p in tried.faults if not _is_sealed(p) and (c, p) not in plain]
    return [*of_sealed, *plain, *rest]


def _is_here(pointer: str) -> bool:
    return pointer.startswith(("/sealed", "/victim/contact"))


def _is_sealed(pointer: str) -> bool:
    """Of a sealed section, whose own pointers begin anew."""
    return pointer.startswith(("/channels", "/address", "/organisation", "/po_box", "/landlord"))


def _below(pointer: str) -> str:
    return f"{CONTACT if pointer.startswith('/channels') else ADDRESS}{pointer}"
