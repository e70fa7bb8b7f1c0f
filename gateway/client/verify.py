"""Checks what a gateway says of its access log and disclosures, without it: `gateway-verify`.

A single file that needs Python and the package `cryptography`, nothing else; it may be copied and
run as `python verify.py`. Formats: C2SP signed note, checkpoint, cosignature and tlog-proof; RFC
6962 proofs. Bytes in JSON are base64url without padding.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

VERIFIED, REFUTED, UNREADABLE = 0, 1, 2
DISCLOSED = "marac-disclosed+jws"
LOG, WITNESS = 1, 4  # what a key signs: the log's own notes, or countersignatures
_BASE64URL_OPTIONS = ("--commitment", "--salt")
YEAR_9999 = 253_402_300_800
FAR = 100_000  # how many numbers in a row may be missing before a tag counts as foreign


class NotVerified(Exception):
    """The proof was read, and does not prove what it should."""


class Unreadable(Exception):
    """What was given is not of the published form."""


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: this log had `size` entries, and this root."""

    origin: str
    size: int
    root: bytes


# --- signed notes -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Quorum:
    """Whose countersignatures a checkpoint needs: `least` of the keys `witnesses`."""

    witnesses: Sequence[str] = ()
    least: int = 0


def open_checkpoint(note: str, keys: Sequence[str], quorum: Quorum = Quorum()) -> Checkpoint:
    """What a checkpoint says, if one of the keys ("name+id+key") signed it, and a quorum too.

    :raises NotVerified: if none did, or too few witnesses did.
    :raises Unreadable: if a key or the note is malformed.
    """
    text, lines = _parts(note)
    held = [_read_key(key, LOG) for key in keys]
    name = next((name for name, ident, key in held if _signs(name, ident, key, text, lines)), None)
    if name is None:
        raise NotVerified("no given key signed the checkpoint")
    parts = text.split("\n")
    if len(parts) < 4 or parts[0] != name:
        raise NotVerified("the checkpoint is of another log")
    size, root = parts[1], _standard(parts[2])
    if not (size.isascii() and size.isdigit() and size == size.lstrip("0").rjust(1, "0")):
        raise Unreadable("the checkpoint has no size")
    if len(root) != 32 or len(size) > 18:
        raise Unreadable("the checkpoint has no root")
    if len(cosigned(note, quorum.witnesses)) < quorum.least:  # one key under two names counts once
        raise NotVerified("too few of the given witnesses countersigned the checkpoint")
    return Checkpoint(name, int(size), root)


def cosigned(note: str, witnesses: Sequence[str]) -> dict[str, int]:
    """Which of the witnesses ("name+id+key", type 0x04) countersigned a note, and when.

    :raises Unreadable: if a key or the note is malformed.
    """
    text, lines = _parts(note)
    held = {
        key.public_bytes_raw(): (name, ident, key) for name, ident, key in _witnesses(witnesses)
    }
    found = {}
    for name, ident, key in held.values():
        for who, blob in lines:
            at = int.from_bytes(blob[4:12], "big")
            is_its = (who, blob[:4]) == (name, ident) and len(blob) == 76 and at < YEAR_9999
            if is_its and _holds(key, blob[12:], f"cosignature/v1\ntime {at}\n{text}"):
                found[name] = at
    return found


def _witnesses(keys: Sequence[str]) -> list[tuple[str, bytes, Ed25519PublicKey]]:
    return [_read_key(each, WITNESS) for each in keys]


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The signed text, and name and bytes of each signature line."""
    text, mark, lines = note.rpartition("\n\n")
    if not mark or not lines.endswith("\n") or any(c < " " and c != "\n" for c in note):
        raise Unreadable("the checkpoint is no signed note")
    signatures: list[tuple[str, bytes]] = []
    for line in lines[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        blob = _standard(encoded)
        if dash != "\u2014" or not name or "+" in name or len(blob) < 5 or len(signatures) > 63:
            raise Unreadable("the checkpoint has a malformed signature line")
        signatures.append((name, blob))
    return text + "\n", signatures


def _read_key(text: str, kind: int) -> tuple[str, bytes, Ed25519PublicKey]:
    parts = text.strip().split("+", 2)
    blob = _standard(parts[2]) if len(parts) == 3 else b""
    if len(blob) != 33 or blob[0] != kind:
        raise Unreadable("a key is not of the form name+id+key, or not of the right kind")
    ident = hashlib.sha256(parts[0].encode() + b"\n" + blob).digest()[:4]
    if ident.hex() != parts[1]:
        raise Unreadable("a key does not carry its own id")
    return parts[0], ident, Ed25519PublicKey.from_public_bytes(blob[1:])


def _signs(
    name: str, ident: bytes, key: Ed25519PublicKey, text: str, lines: Sequence[tuple[str, bytes]]
) -> bool:
    found = next((blob[4:] for who, blob in lines if (who, blob[:4]) == (name, ident)), None)
    return found is not None and _holds(key, found, text)


def _holds(key: Ed25519PublicKey, signature: bytes, text: str) -> bool:
    try:
        key.verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


# --- proofs -----------------------------------------------------------------------------------


def check_inclusion(
    answer: Mapping[str, Any],
    keys: Sequence[str],
    commitment: bytes | None = None,
    quorum: Quorum = Quorum(),
) -> Checkpoint:
    """The checkpoint whose tree holds the entry of a `GET /v1/log/entries` answer.

    :raises NotVerified: if the proof fails, or the leaf holds another commitment.
    :raises Unreadable: if the answer is malformed.
    """
    checkpoint = open_checkpoint(_text(answer, "checkpoint"), keys, quorum)
    check_leaf(answer, checkpoint, commitment)
    return checkpoint


def check_leaf(
    answer: Mapping[str, Any], checkpoint: Checkpoint, commitment: bytes | None = None
) -> None:
    """Return if the tree of a checkpoint that was verified before holds the entry.

    :raises NotVerified: if the proof fails, or the leaf holds another commitment.
    :raises Unreadable: if the answer is malformed.
    """
    leaf, index, size = _bytes(answer, "leaf"), _number(answer, "index"), _number(answer, "size")
    if checkpoint.size != size:
        raise NotVerified("the proof is for another size than the checkpoint")
    if commitment is not None and _commitment_of(leaf) != commitment:
        raise NotVerified("the leaf holds another commitment")
    found = hashlib.sha256(b"\x00" + leaf).digest()
    if root_from_inclusion(found, index, size, _proof(answer)) != checkpoint.root:
        raise NotVerified("the proof does not lead to the signed root")


def read_receipt(text: str) -> dict[str, Any]:
    """A tlog-proof as `check_inclusion` takes it; the leaf is what stands behind `extra`.

    :raises Unreadable: if it is none.
    """
    head, mark, note = text.partition("\n\n")
    lines = head.split("\n")
    if not mark or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1":
        raise Unreadable("this is not a tlog-proof with an entry in it")
    (extra, leaf), (index, number) = (line.partition(" ")[::2] for line in lines[1:3])
    steps = [_standard(line) for line in lines[3:]]
    if (extra, index) != ("extra", "index") or not number.isascii() or not number.isdigit():
        raise Unreadable("this is not a tlog-proof with an entry in it")
    if str(int(number[:18])) != number or not _standard(leaf):
        raise Unreadable("this is not a tlog-proof with an entry in it")
    size = note.split("\n")[1:2]
    return {
        "index": int(number),
        "leaf": _url(_standard(leaf)),
        "size": int(size[0]) if size and size[0].isascii() and size[0].isdigit() else 0,
        "proof": [_url(step) for step in steps],
        "checkpoint": note,
    }


def check_consistency(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Return if the newer log begins with the older one.

    :raises NotVerified: if it does not: entries were changed, removed or put in between.
    """
    if old.origin != new.origin:
        raise NotVerified("the checkpoints are of two logs")
    if old.size > new.size:
        raise NotVerified("the newer log is shorter")
    if old.size in (0, new.size):
        if proof or (old.size == new.size and old.root != new.root):
            raise NotVerified("two roots for one size")
        return
    steps = [old.root, *proof] if old.size & (old.size - 1) == 0 else list(proof)
    if roots_from_consistency(old.size, new.size, steps) != (old.root, new.root):
        raise NotVerified("the newer log does not begin with the older one")


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162 section 2.1.3.2); None if it cannot be."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for step in proof:
        if not last:
            return None
        if at % 2 or at == last:
            found = _join(step, found)
            at, last = _skip(at, last)
        else:
            found = _join(found, step)
        at, last = at // 2, last // 2
    return None if last else found


def roots_from_consistency(
    old: int, new: int, steps: Sequence[bytes]
) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency proof leads to (RFC 9162 section 2.1.4.2)."""
    if not steps:
        return None
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at // 2, last // 2
    first = second = steps[0]
    for step in steps[1:]:
        if not last:
            return None
        if at % 2 or at == last:
            first, second = _join(step, first), _join(step, second)
            at, last = _skip(at, last)
        else:
            second = _join(second, step)
        at, last = at // 2, last // 2
    return None if last else (first, second)


def own_numbers(log_key: bytes, leaves: Sequence[bytes]) -> dict[int, bytes]:
    """Which of the leaves are an agency's own, by the agency's own sequence number.

    A number missing below the highest one is an entry that was kept from the agency.
    """
    unknown = {_bytes(_object(leaf.decode("utf-8", "replace")), "tag"): leaf for leaf in leaves}
    found: dict[int, bytes] = {}
    number = highest = 0
    while unknown and number < highest + FAR:
        number += 1
        leaf = unknown.pop(hmac.digest(log_key, str(number).encode(), "sha256"), None)
        if leaf is not None:
            found[number], highest = leaf, number
    return found


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _skip(at: int, last: int) -> tuple[int, int]:
    while at and not at % 2:
        at, last = at // 2, last // 2
    return at, last


# --- receipts of disclosures --------------------------------------------------------------------


def check_disclosed(
    signed: str, part: Mapping[str, Any], salt: bytes, signers: Mapping[str, Any]
) -> dict[str, Any]:
    """What a gateway signed about a disclosure, if it covers the part about this case.

    `signers` is the gateway's published key set (JWKS) as it was at that time.

    :raises NotVerified: if no key of it signed this, or it is about something else.
    :raises Unreadable: if the receipt or the key set is malformed.
    """
    claims = _signed_claims(signed, signers)
    parts = claims.get("parts")
    if not isinstance(parts, list) or _url(salted_digest(salt, part)) not in parts:
        raise NotVerified("what was signed does not cover this part")
    if claims.get("aud") != part.get("agency"):
        raise NotVerified("the part is about another agency than was signed for")
    return claims


def salted_digest(salt: bytes, value: object) -> bytes:
    """SHA-256 of the salt and of the value as canonical JSON (RFC 8785, of what has no floats)."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).digest()


def _signed_claims(signed: str, signers: Mapping[str, Any]) -> dict[str, Any]:
    pieces = signed.split(".")
    if len(pieces) != 3:
        raise Unreadable("the receipt is no compact JWS")
    header = _object(base64url(pieces[0]).decode("utf-8", "replace"))
    if header.keys() != {"alg", "kid", "typ"} or header["typ"] != DISCLOSED:
        raise NotVerified("what was signed is no receipt of a disclosure")
    blob = base64url(pieces[2])
    if header["alg"] != "ES256" or len(blob) != 64:
        raise NotVerified("the receipt is signed in another way than agreed")
    signature = encode_dss_signature(
        int.from_bytes(blob[:32], "big"), int.from_bytes(blob[32:], "big")
    )
    text = f"{pieces[0]}.{pieces[1]}".encode()
    try:
        _signer(signers, header["kid"]).verify(signature, text, ECDSA(SHA256()))
    except InvalidSignature:
        raise NotVerified("no given key of the gateway signed the receipt") from None
    return _object(base64url(pieces[1]).decode("utf-8", "replace"))


def _signer(signers: Mapping[str, Any], kid: object) -> EllipticCurvePublicKey:
    keys = signers.get("keys")
    for jwk in keys if isinstance(keys, list) else []:
        if isinstance(jwk, dict) and jwk.get("kid") == kid and jwk.get("use") == "sig":
            x, y = (int.from_bytes(_bytes(jwk, name), "big") for name in ("x", "y"))
            try:
                return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
            except ValueError:
                raise Unreadable("a key of the gateway is no point of its curve") from None
    raise NotVerified("no given key of the gateway signed the receipt")


# --- reading ----------------------------------------------------------------------------------


def _commitment_of(leaf: bytes) -> bytes:
    content = _object(leaf.decode("utf-8", "replace"))
    if content.keys() != {"commit", "tag", "v"} or content["v"] != 1:
        raise Unreadable("the leaf is not of version 1")
    return _bytes(content, "commit")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    if not isinstance(found, dict):
        raise Unreadable("not a JSON object")
    return found


def _text(answer: Mapping[str, Any], name: str) -> str:
    if not isinstance(answer.get(name), str):
        raise Unreadable(f"{name} is missing or not text")
    return str(answer[name])


def _number(answer: Mapping[str, Any], name: str) -> int:
    found = answer.get(name)
    if type(found) is not int or not 0 <= found < 10**18:
        raise Unreadable(f"{name} is missing or not a whole number")
    return found


def _bytes(answer: Mapping[str, Any], name: str) -> bytes:
    return base64url(_text(answer, name))


def _proof(answer: Mapping[str, Any]) -> list[bytes]:
    found = answer.get("proof")
    if not isinstance(found, list) or len(found) > 120:
        raise Unreadable("proof is missing or not a list")
    steps = [base64url(step) if isinstance(step, str) else b"" for step in found]
    if any(len(step) != 32 for step in steps):
        raise Unreadable("a step of the proof is not a hash")
    return steps


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def base64url(text: str) -> bytes:
    """The bytes of base64url without padding.

    :raises Unreadable: for anything else.
    """
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("not base64url") from None
    if base64.urlsafe_b64encode(found).decode().rstrip("=") != text:
        raise Unreadable("not base64url")
    return found


def _standard(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return found if base64.b64encode(found).decode() == text else b""


# --- command ----------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """Run one check; 0 if it holds, 1 if it does not, 2 if something cannot be read."""
    given = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
    try:
        print(given.run(given))
    except NotVerified as reason:
        print(f"NOT VERIFIED: {reason}", file=sys.stderr)
        return REFUTED
    except (Unreadable, OSError, UnicodeDecodeError) as reason:
        print(f"cannot be read: {reason}", file=sys.stderr)
        return UNREADABLE
    return VERIFIED


def _joined(arguments: Sequence[str]) -> list[str]:
    """Join an option to its base64url value, which may begin with "-" like an option."""
    joined: list[str] = []
    for each in arguments:
        if joined and joined[-1] in _BASE64URL_OPTIONS:
            joined[-1] += f"={each}"
        else:
            joined.append(each)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway-verify", description="Check the access log of a referral gateway, offline."
    )
    commands = parser.add_subparsers(required=True)
    checkpoint = _command(commands, "checkpoint", _run_checkpoint, "the log signed this checkpoint")
    checkpoint.add_argument("file", help="a checkpoint, or an answer that holds one; - is stdin")
    inclusion = _command(commands, "inclusion", _run_inclusion, "an entry is in the log")
    inclusion.add_argument("file", help="the answer of GET /v1/log/entries")
    inclusion.add_argument("--commitment", help="that the entry must hold, from a receipt")
    inclusion.add_argument("--salt", help="of the commitment; needs --record")
    inclusion.add_argument("--record", help="file with the record, byte for byte")
    proof = _command(commands, "proof", _run_proof, "a .tlog-proof receipt holds")
    proof.add_argument("file", help="the receipt")
    proof.add_argument("--commitment", help="that the entry must hold, from a receipt")
    receipt = _command(commands, "receipt", _run_receipt, "a disclosure was as its receipt says")
    receipt.add_argument("file", help="what was pulled, or fetched by gateway-client receipts")
    receipt.add_argument(
        "--signers", required=True, help="the gateway's key set, kept from its jwks_uri"
    )
    receipt.add_argument(
        "--proof", action="append", required=True, help="a .tlog-proof of each line in the log"
    )
    fork = _command(commands, "fork", _run_fork, "the log signed two histories: evidence")
    fork.add_argument("file", help="what a client kept when it refused a checkpoint")
    consistency = _command(commands, "consistency", _run_consistency, "nothing was changed since")
    consistency.add_argument("old", help="the checkpoint that you kept")
    consistency.add_argument("new", help="a newer one")
    consistency.add_argument("proof", help="the answer with the member proof")
    own = _command(commands, "own", _run_own, "none of an agency's own entries is missing")
    own.add_argument("files", nargs="+", help="answers of GET /v1/log/entries")
    own.add_argument("--log-key", required=True, help="file with the agency's log key, base64url")
    return parser


def _command(commands: Any, name: str, run: Any, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=f"check that {what}")
    parser.set_defaults(run=run)
    parser.add_argument(
        "--key", action="append", required=True, help="name+id+key of the log, or a file with it"
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="name+id+key of a partner, or a file with it"
    )
    parser.add_argument("--quorum", type=int, help="how many of them must have signed; else all")
    return parser


def _run_checkpoint(given: argparse.Namespace) -> str:
    note, quorum = _note(given.file), _quorum(given)
    said = _say(open_checkpoint(note, _keys(given), quorum))
    return "\n".join([said, *map(_say_witness, cosigned(note, quorum.witnesses).items())])


def _run_inclusion(given: argparse.Namespace) -> str:
    commitment = base64url(given.commitment) if given.commitment else None
    if given.record:
        made = hashlib.sha256(base64url(given.salt or "") + Path(given.record).read_bytes())
        if commitment not in (None, made.digest()):
            raise NotVerified("the commitment was made of another record")
        commitment = made.digest()
    answer = _object(_read(given.file))
    return f"entry {answer.get('index')} is in: " + _say(
        check_inclusion(answer, _keys(given), commitment, _quorum(given))
    )


def _run_proof(given: argparse.Namespace) -> str:
    commitment = base64url(given.commitment) if given.commitment else None
    answer = read_receipt(_read(given.file))
    found = check_inclusion(answer, _keys(given), commitment, _quorum(given))
    return f"entry {answer['index']} is in: {_say(found)}"


def _run_receipt(given: argparse.Namespace) -> str:
    """Each receipt in a file: signature, part, its line in the log; and what was pulled with it."""
    held, signers = _object(_read(given.file)), _object(_read(given.signers))
    proofs = [read_receipt(_read(file)) for file in given.proof]
    found = [check_inclusion(proof, _keys(given), None, _quorum(given)) for proof in proofs]
    lines = {_commitment_of(_bytes(proof, "leaf")): proof["index"] for proof in proofs}
    said = []
    for signed, part, salt in _receipts_in(held):
        claims = check_disclosed(signed, part, salt, signers)
        log = part.get("log")
        commitment = _bytes(log if isinstance(log, dict) else {}, "commitment")
        if commitment not in lines:
            raise NotVerified("no given proof is of the line that a receipt rests on")
        if "document" in held:
            _check_content(held, claims)
        said.append(f"{part.get('reference')} for {part.get('agency')}: entry {lines[commitment]}")
    if not said:
        raise Unreadable("there is no signed receipt in the file")
    return "\n".join([*said, f"in: {_say(found[-1])}"])


def _check_content(held: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    receipt = held.get("receipt")
    content = receipt.get("content") if isinstance(receipt, dict) else None
    salt = _bytes(content if isinstance(content, dict) else {}, "salt")
    if claims.get("content") != _url(salted_digest(salt, held["document"])):
        raise NotVerified("the receipt is of another document")


def _receipts_in(held: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], bytes]]:
    """The receipts of a pulled answer, or of a list of them: signed text, part and salt."""
    if isinstance(held.get("receipts"), list):
        rows = [row for row in held["receipts"] if isinstance(row, dict) and "signed" in row]
    else:
        receipt = held.get("receipt", held)
        parts = receipt.get("parts") if isinstance(receipt, dict) else None
        rows = [
            {**row, "signed": receipt.get("signed")}
            for row in (parts if isinstance(parts, list) else [])
            if isinstance(row, dict)
        ]
    found = []
    for row in rows:
        if not isinstance(row.get("part"), dict):
            raise Unreadable("a receipt has no part")
        found.append((_text(row, "signed"), row["part"], _bytes(row, "salt")))
    return found


def _run_fork(given: argparse.Namespace) -> str:
    """Two checkpoints of one log that cannot both be true: certain for one size, else by proof."""
    evidence = _object(_read(given.file))
    old, new = sorted(
        (open_checkpoint(_text(evidence, name), _keys(given)) for name in ("held", "seen")),
        key=lambda each: each.size,
    )
    try:
        check_consistency(old, new, _proof(evidence))
    except NotVerified as reason:
        how = "certain" if old.size == new.size else "unless the gateway proves the growth"
        return f"TWO HISTORIES ({how}): {reason}\n{_say(old)}\n{_say(new)}"
    raise NotVerified("the two checkpoints go together")


def _run_consistency(given: argparse.Namespace) -> str:
    old = open_checkpoint(_note(given.old), _keys(given))
    new = open_checkpoint(_note(given.new), _keys(given), _quorum(given))
    check_consistency(old, new, _proof(_object(_read(given.proof))))
    return f"from {old.size} entries on, only added to: " + _say(new)


def _run_own(given: argparse.Namespace) -> str:
    answers = [_object(_read(file)) for file in given.files]
    for answer in answers:
        check_inclusion(answer, _keys(given), None, _quorum(given))
    leaves = [_bytes(answer, "leaf") for answer in answers]
    found = own_numbers(base64url(_read(given.log_key).strip()), leaves)
    missing = sorted(set(range(1, max(found, default=0))) - found.keys())
    if missing or not found:
        raise NotVerified(f"missing own entries: {missing[:20] or 'all'}")
    return f"all own entries from 1 to {max(found)} are there"


def _say(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.origin}, {checkpoint.size} entries, root {checkpoint.root.hex()}"


def _say_witness(cosignature: tuple[str, int]) -> str:
    name, at = cosignature
    return f"countersigned by {name} at {datetime.fromtimestamp(at, UTC).isoformat()}"


def _quorum(given: argparse.Namespace) -> Quorum:
    witnesses = _lines(given.witness)
    return Quorum(witnesses, len(witnesses) if given.quorum is None else given.quorum)


def _keys(given: argparse.Namespace) -> list[str]:
    return _lines(given.key)


def _lines(keys: Sequence[str]) -> list[str]:
    return [
        line
        for key in keys
        for line in (key if "+" in key and "\n" not in key else _read(key)).split("\n")
        if line.strip()
    ]


def _note(file: str) -> str:
    text = _read(file)
    return _text(_object(text), "checkpoint") if text.lstrip().startswith("{") else text


def _read(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
