"""Envelopes with one thing wrong, as an agency that owns a registered key could make them."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jws

from gateway.sealing import envelopes, jose
from tests.journeys.world import Wire, example


def minimal(**changes: Any) -> Any:
    """The smallest valid referral, with some of it spoilt."""
    return example("minimal", **changes)["document"]


def enveloped(wire: Wire, **changes: Any) -> bytes:
    """The smallest referral, with some of its claims spoilt."""
    return wire.envelope("referral/1", minimal(), **changes)


def header_changed(token: bytes, **changes: Any) -> bytes:
    """A token whose protected header says something else."""
    first, _, rest = token.decode().partition(".")
    header = {**json.loads(jose.b64u_decode(first)), **changes}
    header = {name: value for name, value in header.items() if value is not None}
    return f"{jose.b64u(json.dumps(header).encode())}.{rest}".encode()


def flipped(token: bytes) -> bytes:
    """An envelope whose tag differs in one character."""
    other = b"A" if token[-8:-7] != b"A" else b"B"
    return token[:-8] + other + token[-7:]


def jws_changed(wire: Wire, document: Any, **changes: Any) -> bytes:
    """A document whose signature says something else of itself."""
    signed = wire.sign(wire.claims("referral/1", document)).encode()
    return wire.enclose(header_changed(signed, **changes).decode())


def signed_as(wire: Wire, header: dict[str, Any]) -> bytes:
    """A document whose header was this from the start: its signature holds."""
    key = jose.import_private(wire.agency.sig, "sig")
    claims = json.dumps(wire.claims("referral/1", minimal())).encode()
    full = {"kid": wire.agency.sig["kid"], "typ": envelopes.DOCUMENT, **header}
    start = f"{jose.b64u(json.dumps({'alg': 'ES256', **full}).encode())}.{jose.b64u(claims)}"
    return wire.enclose(f"{start}.{jose.b64u(raw_signature(start.encode(), key))}")


def raw_signature(message: bytes, key: jose.Key) -> bytes:
    """ES256 over any bytes at all."""
    return bytes(jws.default_registry.get_alg("ES256").sign(message, key))


def unsigned(wire: Wire, alg: str) -> bytes:
    """A document that says it needs no signature, or one with a secret."""
    header = {"alg": alg, "kid": wire.agency.sig["kid"], "typ": envelopes.DOCUMENT}
    claims = wire.claims("referral/1", minimal())
    parts = [jose.b64u(json.dumps(part).encode()) for part in (header, claims)]
    return wire.enclose(".".join([*parts, ""]))


def payload(wire: Wire, text: bytes) -> bytes:
    """Any bytes, signed and sealed as a document."""
    return wire.enclose(wire.sign(text))


def spliced(wire: Wire, old: str, new: bytes) -> bytes:
    """A valid document with some bytes of its JSON replaced."""
    text = json.dumps(wire.claims("referral/1", minimal()), ensure_ascii=False).encode()
    assert text.count(old.encode()) == 1
    return payload(wire, text.replace(old.encode(), new))
