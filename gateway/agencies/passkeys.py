"""Owns passkeys (WebAuthn level 2): what a browser is asked, and whether what it signed holds.

A challenge is ours if it carries our tag, and is taken once: the store of used proofs sees to it,
for all workers of the service. So nothing is kept for who never comes back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.agencies.replay import Replay
from gateway.errors import Mismatch
from gateway.store.credentials import PasskeyRow

LIFE = timedelta(minutes=5)
LONGEST = 16_384  # characters of what a browser sends
_NAME = "MARAC gateway"


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys hold, and what its challenges are tagged with."""

    host: str
    origin: str
    key: bytes
    replay: Replay


def options_to_add(site: Site, row: list[PasskeyRow], *, user: str, now: datetime) -> str:
    """What a browser is asked to make a key for a person, as JSON."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=_NAME,
        user_id=hashlib.sha256(user.encode()).digest(),
        user_name=user,
        user_display_name=user,
        challenge=_challenge(site, user, now),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in row],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options)


def options_to_sign_in(site: Site, *, now: datetime, user: str = "") -> str:
    """What a browser is asked to sign; with `user` by one that is signed in already."""
    return options_to_json(
        generate_authentication_options(
            rp_id=site.host,
            challenge=_challenge(site, user, now),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def key_id(answer: str) -> bytes:
    """Under which id the key that signed is kept; of no use for anything else."""
    try:
        return hashlib.sha256(base64url_to_bytes(str(_read(answer)["rawId"]))).digest()
    except (KeyError, ValueError):
        raise Mismatch("The passkey's answer is not of its form.") from None


def check_new(
    site: Site, answer: str, *, agency_id: str, worker_id: str, user: str, now: datetime
) -> PasskeyRow:
    """The key that a browser made for a person.

    :raises Mismatch: if anything about it does not hold.
    """
    try:
        made = verify_registration_response(
            credential=_read(answer),
            expected_challenge=_taken(site, answer, user, now),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Mismatch("The passkey does not hold.") from None
    return PasskeyRow(
        id=hashlib.sha256(made.credential_id).digest(),
        agency_id=agency_id,
        worker_id=worker_id,
        credential=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        added_at=now,
        used_at=None,
    )


def check(site: Site, answer: str, row: PasskeyRow, *, now: datetime, user: str = "") -> int:
    """The new count of a key that signed our challenge.

    :raises Mismatch: if anything about it does not hold.
    """
    try:
        done = verify_authentication_response(
            credential=_read(answer),
            expected_challenge=_taken(site, answer, user, now),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Mismatch("The passkey does not hold.") from None
    return done.new_sign_count


def _challenge(site: Site, user: str, now: datetime) -> bytes:
    body = int(now.timestamp()).to_bytes(8, "big") + secrets.token_bytes(16)
    return body + _tag(site, user, body)


def _taken(site: Site, answer: str, user: str, now: datetime) -> bytes:
    """The challenge that was answered, if it is ours, of just now, and answered for once.

    :raises Mismatch: otherwise.
    """
    data = base64url_to_bytes(str(_read(answer)["response"]["clientDataJSON"]))
    stated = json.loads(data)
    challenge = base64url_to_bytes(str(stated["challenge"]))
    body, tag = challenge[:24], challenge[24:]
    issued = int.from_bytes(body[:8], "big")
    age = now.timestamp() - issued
    if not hmac.compare_digest(tag, _tag(site, user, body)) or not 0 <= age <= LIFE.seconds:
        raise Mismatch("The challenge is not one of ours.")
    is_first = site.replay.first_use(
        "passkey",
        htu=site.origin,
        jkt="",
        jti=challenge.hex(),
        issued_at=issued,
        expires_at=issued + LIFE.seconds + 1,
        now=now,
    )
    if not is_first:
        raise Mismatch("The challenge was answered before.")
    return challenge


def _tag(site: Site, user: str, body: bytes) -> bytes:
    return hmac.digest(site.key, b"passkey|v1|" + user.encode() + b"|" + body, "sha256")[:16]


def _read(answer: str) -> dict[str, Any]:
    """What the browser sent.

    :raises Mismatch: if it is no object.
    """
    if len(answer) > LONGEST:
        raise Mismatch("The passkey's answer is too long.")
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Mismatch("The passkey's answer is not of its form.")
    return found
