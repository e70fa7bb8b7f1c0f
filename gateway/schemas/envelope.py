"""Owns the shape of the claims inside a signed document and of its sealed sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.schemas.blanks import Anything
from gateway.schemas.fields import Int, Pattern, Text
from gateway.schemas.parts import Fault, Form, ListOf, Part
from gateway.schemas.sections import SEALED
from gateway.schemas.shapes import AgencyId, Base64Url

LONGEST_LIFE = 15 * 60  # seconds from iat to exp
_FAR = 2**53 - 1


class KeyId(Pattern):
    """A key id: looked up among registered keys, never a path or an address."""

    pattern = r"[A-Za-z0-9_-]{1,64}"


class Envelope(Pattern):
    """A compact JWE by its shape."""

    pattern = r"[A-Za-z0-9_-]{1,2048}(?:\.[A-Za-z0-9_-]{0,65536}){4}"


class SealedFor(Form):
    """One recipient's copy of a sealed section."""

    agency = AgencyId()
    kid = KeyId()
    jwe = Envelope(says="JWE compact")


class Scan(Form):
    """Keyed tokens of the values that must not leave by any other way."""

    key = Base64Url(32)
    tokens = ListOf(Base64Url(12), 0, 200, unique=True)


class SealedSection(Form):
    """A section that the gateway carries and cannot read."""

    section = Pattern("|".join(SEALED))
    digest = Base64Url(32, says="SHA-256 of the salted plaintext")
    recipients = ListOf(Part(SealedFor), 1, 16, unique="agency")
    scan = Part(Scan, required=False)


def _short_lived(data: dict[str, Any]) -> Iterator[Fault]:
    if not 0 < data["exp"] - data["iat"] <= LONGEST_LIFE:
        yield "out_of_range", ("exp",)


class Claims(Form):
    """The claims of a document (message shape, version 1). `document` is checked by its form."""

    iss = AgencyId()
    aud = Text(255)
    iat = Int(0, _FAR)
    exp = Int(0, _FAR)
    jti = Pattern(r"[A-Za-z0-9._~-]{16,128}")
    worker = Pattern(r"[A-Za-z0-9._-]{1,64}", required=False, says="Absent is unattended")
    form = Pattern(r"[a-z][a-z-]{0,40}/[1-9][0-9]{0,2}")
    document = Anything()
    sealed = ListOf(Part(SealedSection), 0, len(SEALED), unique="section", required=False)
    pad = Pattern(r"0*", required=False, says="Any length, ignored")

    rules = (_short_lived,)
