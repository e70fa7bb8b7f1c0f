"""Owns who may have a case erased: its coordinator asks, two operators sign what was asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.agencies import directory
from gateway.errors import Invalid, Mismatch, Undecipherable
from gateway.ledger import Work
from gateway.schemas import reference as references
from gateway.schemas.codes import ErasureReason
from gateway.schemas.strict_json import parse
from gateway.sealing import jose
from gateway.sealing.erased import ASKED

REASONS = tuple(str(reason) for reason in ErasureReason)
ASKED_WITHIN = 14 * 24 * 3600  # seconds in which what an agency asked for is done
AHEAD = 60  # seconds that its clock may be ahead of ours


def statement(
    stored: Sequence[str], because: str, *, asked: str, at: datetime
) -> Mapping[str, Any]:
    """Return what both operators sign: these references, this reason, on this agency's word."""
    return {
        "act": "case.erase",
        "references": sorted(stored),
        "because": because,
        "asked": hashlib.sha256(asked.encode()).hexdigest(),
        "iat": int(at.timestamp()),
    }


def asker(work: Work, asked: str, said: Mapping[str, Any], *, audience: str) -> str:
    """Return the agency whose signed statement asks for this; whether it may, is not looked at.

    :raises Mismatch: if it is not by a standing agency, for this gateway, these cases and days.
    """
    claims = _read(work, asked)
    if claims.get("aud") != audience:
        raise Mismatch("The agency's statement is for another gateway.")
    named = {references.read(each) for each in claims["references"]}
    if (named, claims["because"]) != (set(said["references"]), said["because"]):
        raise Mismatch("The agency's statement is about another case, or for another reason.")
    age = work.now.timestamp() - claims["iat"]
    if not -AHEAD <= age <= ASKED_WITHIN:
        raise Mismatch("The agency's statement is not of these days.")
    return str(claims["iss"])


def _read(work: Work, asked: str) -> dict[str, Any]:
    """The claims of an agency's statement, once its own key of now verified it."""
    try:
        read = jose.read_signed(asked)
        claims = _claims(parse(read.payload))
        iss, kid = claims["iss"], str(read.header.get("kid"))
        standing = directory.standing(work.session).get(str(iss))
        key = directory.find_signing_key(work.session, str(iss), kid, work.now)
        if key is None or standing is None or standing.is_suspended:
            raise Undecipherable("The key is not known.")
        jose.verify(read, {kid: key}, ASKED)
    except Invalid:
        raise Mismatch("No agency of this gateway signed the statement that asks.") from None
    return claims


def _claims(read: object) -> dict[str, Any]:
    """The claims, if they are of the published form."""
    names = {"iss", "aud", "iat", "references", "because"}
    if (
        not isinstance(read, dict)
        or read.keys() != names
        or type(read["iat"]) is not int
        or not isinstance(read["references"], list)
        or not all(isinstance(each, str) for each in read["references"])
    ):
        raise Undecipherable("The statement is not of the published form.")
    return read
