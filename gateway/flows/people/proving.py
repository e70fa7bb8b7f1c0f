"""Owns with what a person proves who it is: passkeys, a password with its codes, recovery codes."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

from gateway.agencies import passkeys, passwords, people
from gateway.agencies.passkeys import Site
from gateway.errors import Invalid
from gateway.ledger import Work
from gateway.schemas.codes import OneTime
from gateway.store import credentials, sign_ons
from gateway.store.credentials import OneTimeRow

CODES = 10
_CODE = 15  # bytes: 24 letters and digits, which nobody guesses


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a person has to prove who it is."""

    passkeys: tuple[tuple[datetime, datetime | None], ...]  # added, last used
    has_password: bool
    recovery_codes: int
    is_linked: bool  # to the partnership's provider


def list_proofs(work: Work) -> Proofs:
    """What the caller's worker has."""
    agency_id, worker_id = _who(work)
    keys = credentials.list_passkeys(work.session, agency_id=agency_id, worker_id=worker_id)
    password = credentials.find_password(work.session, agency_id=agency_id, worker_id=worker_id)
    codes = credentials.count_one_time(
        work.session, agency_id=agency_id, worker_id=worker_id, kind=OneTime.RECOVERY
    )
    linked = sign_ons.find_of(work.session, agency_id=agency_id, worker_id=worker_id)
    work.count("desk.proofs")
    return Proofs(
        passkeys=tuple((row.added_at, row.used_at) for row in keys),
        has_password=password is not None,
        recovery_codes=codes,
        is_linked=linked is not None,
    )


def ask_for_passkey(work: Work, site: Site) -> str:
    """What the browser is asked, to make a key for the caller's worker."""
    agency_id, worker_id = _who(work)
    keys = credentials.list_passkeys(work.session, agency_id=agency_id, worker_id=worker_id)
    work.count("desk.proofs")
    return passkeys.options_to_add(site, keys, user=f"{agency_id}/{worker_id}", now=work.now)


def add_passkey(work: Work, site: Site, answer: str) -> None:
    """Keep a key that the caller's browser made.

    :raises Mismatch: if it does not hold.
    """
    work.attempt("desk.passkey_added")
    agency_id, worker_id = _who(work)
    row = passkeys.check_new(
        site,
        answer,
        agency_id=agency_id,
        worker_id=worker_id,
        user=f"{agency_id}/{worker_id}",
        now=work.now,
    )
    credentials.add_passkey(work.session, row)
    work.record("desk.passkey_added", None, because="asked", facts={"key": row.id.hex()[:16]})


def begin_password(work: Work, *, host: str) -> tuple[str, str, str]:
    """A new seed: as an authenticator takes it, to be typed, and to be sent back; kept nowhere."""
    seed = passwords.new_seed()
    _, worker_id = _who(work)
    work.count("desk.proofs")
    shown = passwords.address(seed, worker_id=worker_id, host=host)
    return shown, passwords.typed(seed), base64.b32encode(seed).decode()


def set_password(work: Work, password: str, seed: str, code: str) -> None:
    """Keep a password with the seed that it opens, once a first code of it was read.

    :raises Invalid: if the code is not of that seed, or the password too short.
    """
    work.attempt("desk.password_set")
    agency_id, worker_id = _who(work)
    try:
        raw = base64.b32decode(seed)
    except ValueError:
        raise Invalid("The code could not be checked.") from None
    step = passwords.step_of(raw, code, work.now)
    if step is None:
        raise Invalid("The code is not the one that the app shows.")
    row = passwords.seal(password, raw, agency_id=agency_id, worker_id=worker_id, step=step)
    credentials.set_password(
        work.session, agency_id=agency_id, worker_id=worker_id, row=row, at=work.now
    )
    work.record("desk.password_set", None, because="asked")


def new_recovery_codes(work: Work) -> tuple[str, ...]:
    """New codes for a lost device, shown once; those before them count no more."""
    work.attempt("desk.codes_made")
    agency_id, worker_id = _who(work)
    codes = tuple(_code() for _ in range(CODES))
    credentials.delete_one_time(
        work.session, agency_id=agency_id, worker_id=worker_id, kind=OneTime.RECOVERY
    )
    credentials.add_one_time(
        work.session,
        [
            OneTimeRow(
                people.recovery(agency_id, worker_id, code).digest,
                agency_id,
                worker_id,
                OneTime.RECOVERY,
                worker_id,
                work.now,
                None,
            )
            for code in codes
        ],
    )
    work.record("desk.codes_made", None, because="asked", facts={"codes": len(codes)})
    return codes


def _code() -> str:
    text = base64.b32encode(secrets.token_bytes(_CODE)).decode().lower()
    return "-".join(text[place : place + 6] for place in range(0, len(text), 6))


def _who(work: Work) -> tuple[str, str]:
    return work.caller.agency_id, work.caller.worker_id or ""
