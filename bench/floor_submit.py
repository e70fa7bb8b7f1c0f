"""Owns the floor of a submission: the same rows, keys, signatures and values as the gateway's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import primitives as p
from bench.floor import AT, Floor, new_id, wrap
from bench.floor_index import index
from bench.payloads import BASE_URL, NOW, Packet

GATEWAY = "@gateway"
CONSENT = {("GIVEN", level): "R5a" for level in ("HIGH", "MEDIUM", "STANDARD")}
ROUTES = {"COORDINATOR": "MARLBURY", "IDVA": "MARLBURY"}
_TIED = """
SELECT c.case_id, i.agency_id, i.worker_id FROM case_token c
JOIN interest_token i ON i.token = c.token WHERE c.case_id = ?
UNION ALL SELECT a.case_id, w.agency_id, w.id FROM assignment a
JOIN worker w ON w.agency_id = a.agency_id AND w.is_chair AND w.suspended_at IS NULL
WHERE a.case_id = ? AND a.role = 'COORDINATOR' AND a.until IS NULL
"""


def submit(floor: Floor, packet: Packet, *, is_limited: bool = False) -> bytes:
    """Take in a referral and answer with a signed receipt."""
    m = floor.material
    token = floor.access(packet)
    if is_limited:
        floor.take(token["sub"])
    signed = p.decrypt(packet.body, m.envelope)
    raw = p.verify(signed, m.sender)
    claims = p.strict(raw)
    if (
        claims["aud"] != BASE_URL
        or claims["exp"] < NOW.timestamp()
        or claims["iss"] != token["sub"]
    ):
        raise ValueError("claims")
    document = claims["document"]
    p.check(document, floor.shape)
    digest = hashlib.sha256(p.dump_sorted({"form": claims["form"], "document": document})).digest()
    case_id, case_key = new_id(), os.urandom(32)
    level, rule = decide(document)
    floor.begin()
    _check_new(floor, packet, claims)
    key = AESGCM(case_key)
    _open_case(floor, claims, case_id, case_key, digest, signed, key)
    _dated(floor, document, case_id, key, level)
    keys = _contribute(floor, document, case_id, key, claims["iss"])
    index(floor, document, case_id)
    routes = floor.run("SELECT id, kind, area FROM agency WHERE suspended_at IS NULL")
    routed = [id_ for id_, kind, area in routes if ROUTES.get(kind) == area]
    _settle(floor, case_id, rule)
    tied = {(agency, worker) for _, agency, worker in floor.run(_TIED, case_id, case_id)}
    if (claims["iss"], claims["worker"]) in tied:
        raise ValueError("ties")
    _grant(floor, case_id, key, keys)
    return _told(floor, packet, claims, case_id, level, rule, routed, digest)


def decide(document: Mapping[str, Any]) -> tuple[str, str]:
    """Score, level and consent."""
    answers = [a for row in document["risk_assessments"]["value"] for a in row["answers"]]
    score = sum(answer["value"] == "YES" for answer in answers)
    level = "HIGH" if score >= 14 else "MEDIUM" if score >= 10 else "STANDARD"
    return level, CONSENT[document["victim"]["position"], level]


def _check_new(floor: Floor, packet: Packet, claims: Mapping[str, Any]) -> None:
    """That the sender's key stands, and that neither key nor document was used before."""
    who = claims["iss"]
    stands = (
        "SELECT jwk FROM agency_key WHERE agency_id = ? AND use = 'sig' AND valid_until IS NULL"
    )
    answered = "SELECT digest, body FROM answer WHERE agency_id = ? AND key = ?"
    if not floor.run(stands, who) or floor.run(answered, who, packet.key):
        raise ValueError("sender")
    floor.run("DELETE FROM document_jti WHERE expires_at < ?", AT)
    until = AT.replace("10:00", "10:05", 1)
    floor.run("INSERT INTO document_jti VALUES (?,?,?)", who, claims["jti"], until)


def _open_case(
    floor: Floor,
    claims: Mapping[str, Any],
    case_id: str,
    case_key: bytes,
    digest: bytes,
    signed: bytes,
    key: AESGCM,
) -> None:
    """The case, its key, and the signed document as it came."""
    who, reference = claims["iss"], case_id[-10:].upper()
    case = {"id": case_id, "area": "MARLBURY", "referrer_id": who, "opened_at": AT}
    referral = {"reference": reference, "case_id": case_id, "agency_id": who}
    referral |= {"worker_id": claims["worker"], "received_at": AT}
    wrapped = wrap(floor.master, case_key, "case", case_id)
    held = {"case_id": case_id, "gen": 1, "epoch": "floor", "wrapped": wrapped, "made_at": AT}
    version = {"reference": reference, "version": 1, "received_at": AT, "digest": digest}
    version["document"] = floor.seal(key, signed, "referral_version", reference, case_id)
    floor.add("case", [case])
    floor.add("referral", [referral])
    floor.add("case_key", [held])
    floor.add("referral_version", [version])


def _dated(
    floor: Floor, document: Mapping[str, Any], case_id: str, key: AESGCM, level: str
) -> None:
    """The victim's position with its account, and the risk, each sealed where it tells a story."""
    (position,), (risk,) = (floor.pattern.rows[name] for name in ("position", "risk"))
    account = floor.seal(key, p.dump_fast(document["consent_record"]), "position", case_id)
    floor.add("position", [{**position, "case_id": case_id, "account": account}])
    needs = floor.seal(key, b"[]", "risk", case_id)
    floor.add("risk", [{**risk, "case_id": case_id, "level": level, "needs": needs}])


def _contribute(
    floor: Floor, document: Mapping[str, Any], case_id: str, key: AESGCM, owner: str
) -> list[tuple[str, bytes]]:
    """Each section, sealed under a key of its own; their ids and keys."""
    rows, keys = [], []
    for name, part in floor.pattern.sections:
        section_id, section_key, nonce = new_id(), os.urandom(32), os.urandom(12)
        content = floor.seal(
            AESGCM(section_key),
            p.dump_fast(_content(document, name, part, floor.pattern.shapes)),
            "section",
            section_id,
            case_id,
        )
        place = "\0".join(("grant", case_id, section_id, GATEWAY)).encode()
        rows.append(
            {
                "id": section_id,
                "case_id": case_id,
                "name": name,
                "part": part,
                "owner_id": owner,
                "key": nonce + key.encrypt(nonce, section_key, place),
                "content": content,
                "written_at": AT,
            }
        )
        keys.append((section_id, section_key))
    floor.add("section", rows)
    return keys


def _content(
    document: Mapping[str, Any], name: str, part: str, shapes: Mapping[str, Any]
) -> Mapping[str, Any]:
    if part == "SUMMARY":
        return {"summary": document["summaries"][name]}
    if part == "ALERT":
        return {"referrer": document["referrer"]}
    cut: Mapping[str, Any] = _cut(document, shapes[name])
    return cut


def _cut(value: Any, shape: Any) -> Any:
    if shape is None:
        return value
    if type(shape) is list:
        return [_cut(each, shape[0]) for each in value]
    return {name: _cut(value[name], below) for name, below in shape.items() if name in value}


def _grant(floor: Floor, case_id: str, key: AESGCM, keys: list[tuple[str, bytes]]) -> None:
    """The section keys, wrapped for each agency that needs to know."""
    floor.add(
        "section_grant",
        [
            {
                "case_id": case_id,
                "agency_id": agency,
                "section_id": keys[place][0],
                "wrapped": wrap(key, keys[place][1], "grant", case_id, keys[place][0], agency),
            }
            for agency, places in floor.pattern.granted.items()
            for place in places
        ],
    )


def _settle(floor: Floor, case_id: str, rule: str) -> None:
    """What was decided: consent, states, roles."""
    for table in ("consent", "state", "assignment"):
        rows = [{**row, "case_id": case_id} for row in floor.pattern.rows[table]]
        floor.add(table, [row | {"rule": rule} if "rule" in row else row for row in rows])


def _told(
    floor: Floor,
    packet: Packet,
    claims: Mapping[str, Any],
    case_id: str,
    level: str,
    rule: str,
    routed: list[str],
    digest: bytes,
) -> bytes:
    """The line of the log, the news for whom it concerns, and the signed receipt, kept."""
    pattern, log_key = floor.pattern, os.urandom(32)
    held = {"subject": case_id, "epoch": "floor"}
    floor.add("log_key", [held | {"wrapped": wrap(floor.master, log_key, "log", case_id)}])
    told = {"level": level, "state": "TRIAGE", "routes": routed}
    told["versions"] = pattern.receipt["decision"]["versions"]
    record = {**pattern.records["referral.submit"], "case": case_id, "because": rule, "facts": told}
    (line,) = floor.log({case_id: log_key}, [record])
    news = [{**row, "case_id": case_id, "entry_id": line.id} for row in pattern.rows["feed"]]
    floor.add("feed", news)
    body = {**pattern.receipt, "level": level, "sub": case_id[-10:].upper()}
    body["log"] = line.proof(floor.checkpoint())
    receipt = p.sign(p.padded(body), floor.material.signing)
    answer = {"agency_id": claims["iss"], "key": packet.key, "digest": digest, "status": 201}
    answer |= {"content_type": "application/jose", "body": receipt, "answered_at": AT}
    floor.add("answer", [answer])
    floor.commit()
    return receipt
