"""Owns the floor of finding people again: as many keyed values as the gateway keeps."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any

from bench.floor import Floor, new_id

_HITS = """
SELECT pa.case_id, pa.role, pt.token FROM party_token pt JOIN party pa ON pa.id = pt.party_id
WHERE pt.token IN ({})
"""


def index(floor: Floor, document: Mapping[str, Any], case_id: str) -> None:
    """Who is in the case: looked for among all cases, and kept for those that come."""
    victim, perpetrator = document["victim"], document["perpetrators"][0]
    key = floor.material.index
    tokens = [
        ("VICTIM", _keyed(key, _party(victim))),
        ("PERPETRATOR", _keyed(key, _party(perpetrator))),
    ]
    everyone = [token for _, found in tokens for token in found]
    floor.run(_HITS.format(",".join("?" * len(everyone))), *everyone)
    parties = [{"id": new_id(), "case_id": case_id, "role": role} for role, _ in tokens]
    floor.add("party", [row | {"index_key": "floor"} for row in parties])
    floor.add(
        "party_token",
        [
            {"token": token, "party_id": row["id"]}
            for row, (_, found) in zip(parties, tokens, strict=True)
            for token in sorted(found)
        ],
    )
    people = [victim, perpetrator, *document["children"]]
    close = _keyed(key, {value for person in people for value in _close(person)})
    floor.add("case_token", [{"token": token, "case_id": case_id} for token in sorted(close)])


def _keyed(key: bytes, values: set[str]) -> set[bytes]:
    return {hmac.digest(key, value.encode(), "sha256") for value in values}


def _party(person: Mapping[str, Any]) -> set[str]:
    day = _day(person)
    found = {f"nd|{code}|{day}" for code in _codes(person)}
    if number := person.get("nhs_number"):
        found.add(f"id|{number}")
    return found | {f"ph|{phone}" for phone in _phones(person)}


def _close(person: Mapping[str, Any]) -> Iterator[str]:
    """By what somebody on the staff would be found to be close to this person."""
    codes, day = sorted(_codes(person)), _day(person)
    yield from (f"t-nd|{code}|{day}" for code in codes)
    for pair in combinations(codes, 2):
        yield f"t-ny|{pair[0]}|{pair[1]}|{day[:4]}"
        yield f"t-na|{pair[0]}|{pair[1]}"
    yield from (f"t-ph|{phone}" for phone in _phones(person))
    addresses = [person["address"]["value"]] if "address" in person else person.get("addresses", ())
    for address in addresses:
        yield f"t-ad|{address['uprn']}"
        number = address["lines"][0].split()[0]
        yield f"t-ad|{fold(address['postcode']['value'])}|{number}"
    if "employer" in person:
        yield "t-em|" + " ".join(sorted(map(fold, person["employer"].split())))


def _codes(person: Mapping[str, Any]) -> set[str]:
    names = [person["given_names"], person["family_name"]]
    names += [*person.get("aliases", ()), *person.get("spelling_variants", ())]
    return {fold(part) for name in names for part in name.split()}


def _phones(person: Mapping[str, Any]) -> list[str]:
    return ["".join(c for c in phone if c.isdigit())[-10:] for phone in person.get("phones", ())]


def _day(person: Mapping[str, Any]) -> str:
    dob = person["dob"]
    year, month, day = (dob["value"] if type(dob) is dict else dob).split("-")
    low, high = sorted((month, day))
    return f"{year}{low}{high}"


@lru_cache(maxsize=1)
def _nothing() -> dict[int, None]:
    return {code: None for code in range(128) if not chr(code).isalnum()}


def fold(text: str) -> str:
    """Letters and digits alone, decomposed and case-folded."""
    if text.isascii():
        return text.casefold().translate(_nothing())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())
