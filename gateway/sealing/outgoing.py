"""Owns what is done to a form before it leaves: whom to seal to, and the sealing itself.

An agency's own client does it; what somebody types into a page of the desk is sealed there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from gateway.errors import Invalid, Problem
from gateway.schemas.sections import SEALED_READERS
from gateway.sealing import envelopes, scan, scanning

Check = Callable[[str, Mapping[str, Any], str], None]
"""Raises for a key that the access log does not show: agency, key, kind."""

REVIEW_DAYS = 14  # practice: a safe contact is asked about again after two weeks


def preview_question(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a routing preview: area and need codes, never a name or an address."""
    referral = _part(document, "referral")
    address = _part(_part(_part(document, "victim"), "address"), "value")
    postcode = _part(address, "postcode").get("value")
    needs = {"needs": referral["needs"]} if referral.get("needs") else {}
    if isinstance(postcode, str) and " " in postcode.strip():
        return {"outward": postcode.strip().rsplit(" ", 1)[0], **needs}
    return {"area": referral["area"], **needs} if referral.get("area") else needs


def seal_sections(
    document: Mapping[str, Any],
    plain: Mapping[str, Mapping[str, Any]],
    offered: Any,
    *,
    key: str,
    secret: bytes,
    check: Check,
) -> list[dict[str, Any]]:
    """Return the `sealed` items of a form, one per section, in the order of their names.

    Whom the victim or the referrer excludes in the form gets no copy, whatever the gateway says,
    and nor does an agency of a kind to which the need-to-know matrix never opens the section.
    With each goes what the gateway needs to look for its values in texts, without being told them.

    :raises Invalid: if there is nobody to seal a section to; it is never sent open instead.
    :raises Unproven: if the access log does not show one of the keys; nothing is sealed then.
    """
    kinds, agencies = excluded(document)
    made = []
    for section, content in sorted(plain.items()):
        chosen = [
            entry
            for entry in _recipients(offered)
            if section in entry["sections"]
            and entry["kind"] in SEALED_READERS.get(section, ())
            and entry["agency"] not in agencies
            and entry["kind"] not in kinds
        ]
        if not chosen:
            text = "There is no agency that a sealed section can be given to; nothing was sent."
            raise Invalid(text, Problem("no_recipient", f"/sealed/{section}"))
        for entry in chosen:
            check(entry["agency"], entry["key"], entry["kind"])
        recipients = [(entry["agency"], entry["key"]) for entry in chosen]
        full = with_review(content, document) if section == "safe_contact" else content
        item = envelopes.seal_section(section, full, recipients, idempotency_key=key, secret=secret)
        values = scanning.values_of(section, content, document)
        made.append({**item, "scan": scan.scan_item(scan.key_for(secret, key), values)})
    return made


def with_review(content: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a safe contact whose every channel says by when to ask again: 14 days by default.

    Counted from when it was verified, else from when consent was recorded: both stand in the
    form, so that sending the same form again tomorrow gives the same content.
    """
    recorded = _part(document, "consent_record").get("recorded_at")
    channels = []
    for channel in content.get("channels", ()):
        since = channel.get("verified_at") or recorded
        full = dict(channel)
        if "review_by" not in channel and isinstance(since, str):
            review_by = date.fromisoformat(since[:10]) + timedelta(days=REVIEW_DAYS)
            full["review_by"] = review_by.isoformat()
        channels.append(full)
    return {**content, "channels": channels}


def excluded(document: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the kinds and the agencies that must not receive, as the form says."""
    conditions = _part(document, "consent_record").get("conditions") or []
    named = document.get("must_not_receive") or []
    kinds = {row.get("excludes_kind") for row in conditions}
    kinds |= {row.get("agency_kind") for row in named}
    agencies = {row.get("excludes_agency") for row in conditions}
    agencies |= {row.get("agency_id") for row in named}
    return frozenset(filter(None, kinds)), frozenset(filter(None, agencies))


def _recipients(offered: Any) -> Iterator[Mapping[str, Any]]:
    listed = offered.get("recipients") if isinstance(offered, dict) else None
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and {"agency", "kind", "sections", "key"} <= entry.keys():
            yield entry


def _part(given: Any, name: str) -> Mapping[str, Any]:
    found = given.get(name) if isinstance(given, Mapping) else None
    return found if isinstance(found, Mapping) else {}
