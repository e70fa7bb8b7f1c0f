"""Owns what an agency's client does for others unasked by a person: it seals copies that are owed.

An agency that may read a sealed section later cannot get it from the gateway. Whoever holds a copy
is asked; this opens its own, makes sure that it is the text its sender signed, and seals it for the
other, to a key that the access log shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.client.access import ProblemError
from gateway.client.gateway import Gateway
from gateway.client.partners import Unproven
from gateway.errors import Unavailable, Undecipherable
from gateway.schemas.sections import SEALED_READERS

EVERY = 60.0  # seconds between two looks


@dataclass(frozen=True, slots=True)
class Asked:
    """A copy that this agency is asked to seal for another."""

    reference: str
    section: str
    digest: str
    agency: str
    kind: str
    key: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """One request and what became of it: sealed, or the code of why not."""

    reference: str
    section: str
    agency: str
    refused: str | None = None


def answer_once(gateway: Gateway, purpose: str = "P2") -> list[Answered]:
    """Answer every request that stands open for this agency now.

    One that cannot be answered does not hold up the others: it is asked again next time.

    :raises Unavailable: if the gateway does not answer.
    :raises Forked: if the access log contradicts itself: then nothing is sealed to anybody.
    """
    asked = _read(gateway.seal_requests())
    if asked:
        gateway.partners.follow()
    return [_answered(gateway, each, purpose) for each in asked]


def answer(
    gateway: Gateway,
    *,
    purpose: str = "P2",
    every: float = EVERY,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[list[Answered]]:
    """Answer again and again, with a pause between; a gateway that is away is waited for.

    :raises Forked: as `answer_once`.
    """
    while True:
        try:
            yield answer_once(gateway, purpose)
        except Unavailable:
            yield []
        wait(every)


def _answered(gateway: Gateway, asked: Asked, purpose: str) -> Answered:
    try:
        # By the need-to-know matrix: no gateway talks us into others.
        if asked.kind not in SEALED_READERS.get(asked.section, ()):
            raise Unproven("An agency of this kind is owed no copy.", code="not_a_reader")
        gateway.partners.check(asked.agency, asked.key, asked.kind)
        items = gateway.pull(asked.reference, purpose).document.get("sealed", [])
        gateway.hand_in(asked.reference, _own_copy(items, asked), asked.agency, asked.key)
    except (ProblemError, Undecipherable, Unproven) as fault:
        return Answered(asked.reference, asked.section, asked.agency, fault.code)
    return Answered(asked.reference, asked.section, asked.agency)


def _own_copy(items: Any, asked: Asked) -> Mapping[str, Any]:
    """This agency's copy of exactly the text that is asked for.

    :raises Undecipherable: if it holds none.
    """
    for item in items if isinstance(items, list) else ():
        named = (item.get("section"), item.get("digest")) if isinstance(item, dict) else None
        if named == (asked.section, asked.digest):
            found: Mapping[str, Any] = item
            return found
    raise Undecipherable("This agency holds no copy of that text.")


def _read(answer: Any) -> list[Asked]:
    names = ("reference", "section", "digest", "agency", "kind", "key")
    try:
        return [Asked(*(each[name] for name in names)) for each in answer["requests"]]
    except (KeyError, TypeError):
        raise Undecipherable("The gateway's answer is not of the published form.") from None
