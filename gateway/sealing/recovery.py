"""Owns the recovery key: shared among partners two of three, and the key archive sealed to it.

The private key exists while it is split and while two holders' shares are together, never in a
file. The archive is signed by the gateway and sealed to the recovery key's public half.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.errors import Invalid, Undecipherable, UnsafeSettings
from gateway.sealing import erased, jose, shamir
from gateway.sealing.key_making import write_secret
from gateway.sealing.shamir import Share

HOLDERS, NEEDED = 3, 2
SHARE, ARCHIVE, SIGNED = "marac-share+jwe", "marac-keys+jwe", "marac-keys+jws"
PUBLIC = "recovery.json"


@dataclass(frozen=True, slots=True)
class Split:
    """A new recovery key: its public half, and each holder's share, sealed to its own key."""

    public: Mapping[str, str]
    sealed: Mapping[str, str] = field(repr=False)  # by agency


@dataclass(frozen=True, slots=True)
class Opened:
    """An archive that two shares opened; `files` by name."""

    kid: str  # of the recovery key
    signed_by: str
    holders: tuple[str, ...]
    made_at: str
    files: Mapping[str, str] = field(repr=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys among the files."""
        return tuple(name for name in self.files if name.endswith(".key"))


def split(holders: Mapping[str, Mapping[str, Any]]) -> Split:
    """Make a recovery key and share it among these agencies, by their encryption keys.

    :raises Invalid: for other than three holders.
    """
    if len(holders) != HOLDERS:
        raise Invalid("The recovery key is shared among three partners.")
    private = jose.new_private("enc")
    shares = shamir.split(jose.b64u_decode(private["d"]), holders=HOLDERS, needed=NEEDED)
    sealed = {}
    for (agency_id, jwk), share in zip(sorted(holders.items()), shares, strict=True):
        text = _write(agency_id, private["kid"], share)
        key = jose.import_public(jwk, "enc")
        sealed[agency_id] = jose.encrypt(text.encode(), key, str(jwk["kid"]), SHARE, "json")
    return Split(jose.public_part(private), sealed)


def keep_public(folder: Path, public: Mapping[str, str]) -> None:
    """Keep the public half in the keys folder, in place of an earlier one."""
    half = folder / f".half-{PUBLIC}"
    half.unlink(missing_ok=True)
    write_secret(half, json.dumps(dict(public), indent=1))
    half.replace(folder / PUBLIC)


def read_public(folder: Path) -> Mapping[str, str]:
    """Return the public half of the recovery key.

    :raises UnsafeSettings: if there is none yet.
    """
    try:
        found: dict[str, str] = json.loads((folder / PUBLIC).read_text(encoding="utf-8"))
        jose.check_key(found, "enc")
    except (OSError, ValueError, Undecipherable):
        text = "There is no recovery key: run `gateway keys recovery split`."
        raise UnsafeSettings(text) from None
    return found


def seal_archive(folder: Path, *, signing: jose.Key, kid: str, made_at: str) -> str:
    """Return the key files of the folder, signed by the gateway and sealed to the recovery key.

    What was erased is listed with them: else an older database would come back with it.
    """
    public = read_public(folder)
    paths = [*sorted(folder.glob("*.key")), *folder.glob(erased.NAME)]
    files = {path.name: path.read_text(encoding="utf-8") for path in paths}
    content = json.dumps({"v": 1, "made_at": made_at, "files": files}).encode()
    signed = jose.sign(content, signing, kid, SIGNED)
    key = jose.import_public(public, "enc")
    return jose.encrypt(signed.encode(), key, public["kid"], ARCHIVE, "JWT")


def open_archive(archive: str, shares: Sequence[str], *, signed_by: str) -> Opened:
    """Open an archive with the shares of two holders; the key they give is kept nowhere.

    `signed_by` is the id of a signing key of the gateway, as partners know it from receipts.

    :raises Undecipherable: if the shares do not belong to it, or it was changed, or is by another.
    """
    read = [_read(text) for text in shares]
    kids = {kid for _, kid, _ in read}
    if len(kids) != 1:
        raise Undecipherable("The shares are of different recovery keys.")
    (kid,) = kids
    private = _private(shamir.combine([share for _, _, share in read]))
    if jose.thumbprint(private) != kid:
        raise Undecipherable("The shares do not give the recovery key.")
    held = {kid: jose.import_private(private, "enc")}
    signed = jose.decrypt(archive, held, typ=ARCHIVE, cty="JWT").plaintext.decode("ascii")
    files: dict[str, str] = json.loads(jose.read_signed(signed).payload)["files"]
    verified = jose.verify(signed, _signing_keys(files, signed_by), SIGNED)
    content = json.loads(verified.payload)
    return Opened(
        kid, verified.kid, tuple(name for name, _, _ in read), content["made_at"], content["files"]
    )


def write_folder(folder: Path, opened: Opened) -> None:
    """Write the key files of an archive into a new folder.

    :raises UnsafeSettings: if the folder holds anything.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if any(folder.iterdir()):
        raise UnsafeSettings("The folder is not empty; nothing is ever overwritten.")
    for name, text in opened.files.items():
        if Path(name).name != name or not (name.endswith(".key") or name == erased.NAME):
            raise UnsafeSettings("The archive names a file that is no key.")
        write_secret(folder / name, text.rstrip("\n"))


# --- within -----------------------------------------------------------------------------------


def _write(agency_id: str, kid: str, share: Share) -> str:
    told = {
        "v": 1,
        "agency": agency_id,
        "recovery_key": kid,
        "needed": NEEDED,
        "holders": HOLDERS,
        "at": share.at,
        "values": jose.b64u(share.values),
    }
    return json.dumps({**told, "sum": _sum(told)})


def _read(text: str) -> tuple[str, str, Share]:
    try:
        told = json.loads(text)
        said = told.pop("sum")
        share = Share(told["at"], jose.b64u_decode(told["values"]))
        if said != _sum(told) or told["v"] != 1 or len(share.values) != 32:
            raise ValueError
        return str(told["agency"]), str(told["recovery_key"]), share
    except (ValueError, KeyError, TypeError, AttributeError, Undecipherable):
        raise Undecipherable("A share is damaged.") from None


def _sum(told: Mapping[str, Any]) -> str:
    """Finds a slip of the pen; what keeps a false share out is the thumbprint of the key."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _private(scalar: bytes) -> dict[str, str]:
    try:
        key = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
    except ValueError:
        raise Undecipherable("The shares do not give the recovery key.") from None
    numbers = key.public_key().public_numbers()
    point = {name: jose.b64u(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
    return {"kty": "EC", "crv": "P-256", **point, "d": jose.b64u(scalar)}


def _signing_keys(files: Mapping[str, str], signed_by: str) -> dict[str, jose.Key]:
    """The signing key of that id among the files; its id is its thumbprint, so it is that key."""
    for name, text in files.items():
        if not name.startswith("signing-"):
            continue
        jwk = json.loads(text)
        if jose.thumbprint(jwk) == signed_by:
            return {signed_by: jose.import_public(jose.public_part(jwk), "sig")}
    raise Undecipherable("The archive is not signed by that key of the gateway.")
