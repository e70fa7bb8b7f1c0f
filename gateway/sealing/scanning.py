"""Owns which values of a sealed section the gateway is to look for without being told them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.schemas.spelling import (
    Value,
    address_values,
    candidates,
    contact_values,
    organisation_values,
    texts,
)


def values_of(
    section: str, content: Mapping[str, Any], document: Mapping[str, Any]
) -> Iterator[Value]:
    """The values of a section, what matters most first.

    Not the telephone that the perpetrator shares, which tells him nothing, nor what the referrer
    gives as its own: its desk is in the form so that everybody can ring it.
    """
    own = {value for text in texts(document.get("referrer")) for value in candidates(text)}
    found = _of_address(content) if section == "protected_address" else _of_contact(content)
    return (value for value in found if value not in own)


def _of_address(content: Mapping[str, Any]) -> Iterator[Value]:
    yield from _of_place(content.get("address"))
    for name in ("organisation", "po_box"):
        if isinstance(said := content.get(name), str):
            yield from sorted({*organisation_values(said), *contact_values(said)})
    for each in _items(content.get("others")):
        yield from _of_place(each.get("address"))
    yield from _of_notes(content)
    for each in _items(content.get("previous_addresses")):
        yield from _of_place(each)


def _of_contact(content: Mapping[str, Any]) -> Iterator[Value]:
    for channel in _items(content.get("channels")):
        value = channel.get("value")
        if isinstance(value, str) and channel.get("perpetrator_has_access") != "YES":
            yield from sorted(contact_values(value))
    yield from _of_notes(content)


def _of_place(address: Any) -> Iterator[Value]:
    if not isinstance(address, Mapping):
        return
    lines = list(texts(address.get("lines")))
    towns = list(texts(address.get("town")))
    yield from sorted(address_values(lines, towns))
    for name in ("postcode", "uprn"):
        for text in texts(address.get(name)):
            yield from sorted(contact_values(text))


def _of_notes(content: Mapping[str, Any]) -> Iterator[Value]:
    for text in texts(content.get("notes")):
        yield from sorted(contact_values(text))


def _items(given: Any) -> Iterator[Mapping[str, Any]]:
    for each in given if isinstance(given, list) else ():
        if isinstance(each, Mapping):
            yield each
