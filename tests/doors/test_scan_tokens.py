"""What a sealing client sends along so that the gateway can look for what it cannot read."""

from __future__ import annotations

import hashlib
import hmac

from gateway.schemas.envelope import Scan
from gateway.schemas.forms import load_body
from gateway.sealing.jose import b64u
from gateway.sealing.scan import LENGTH, MOST, key_for, scan_item, stamper
from gateway.sealing.scanning import values_of
from tests.journeys.world import example


def test_M4_a_token_is_the_published_mac_cut_to_twelve_bytes() -> None:
    whole = hmac.digest(b"k" * 32, b"house|12 tern rd", hashlib.sha256)
    assert stamper(b"k" * 32)(("house", "12 tern rd")) == whole[:LENGTH]


def test_M4_what_is_sent_is_of_the_published_form_and_tells_no_order() -> None:
    key = key_for(b"secret", "key")
    values = [("name", f"house {number}") for number in range(MOST + 5)]
    item = scan_item(key, [*values, *values])
    load_body(Scan(), item)
    assert item["tokens"] == sorted(item["tokens"])
    assert len(item["tokens"]) == MOST
    assert b64u(stamper(key)(values[0])) in item["tokens"]
    assert b64u(stamper(key)(values[-1])) not in item["tokens"]


def test_M4_a_retry_has_the_same_key_and_another_referral_another() -> None:
    assert key_for(b"secret", "one") == key_for(b"secret", "one")
    assert len({key_for(b"secret", "one"), key_for(b"secret", "two"), key_for(b"s", "one")}) == 3


def test_M4_every_part_of_where_she_is_is_looked_for() -> None:
    form = example("c3")
    found = set(values_of("protected_address", form["sealed"]["protected_address"], {}))
    assert {
        ("name", "lantern hse"),
        ("house", "3 heron yd"),
        ("postcode", "xx19zz"),
    } <= found


def test_what_he_shares_and_the_referrers_own_desk_are_not_looked_for() -> None:
    channels = [
        {"value": "07700 900123", "perpetrator_has_access": "NO"},
        {"value": "07700 900124", "perpetrator_has_access": "YES"},
        {"value": "07700 900125", "perpetrator_has_access": "UNKNOWN"},
        {"value": "07700 900126"},
        {"perpetrator_has_access": "NO"},
    ]
    document = {"referrer": {"phone": "+44 7700 900126", "name": "Sam"}}
    assert set(values_of("safe_contact", {"channels": channels}, document)) == {
        ("number", "7700900123"),
        ("number", "7700900125"),
    }


def test_notes_others_and_earlier_homes_are_looked_for_too() -> None:
    place = {"lines": ["4 Gull Lane"], "postcode": {"absent": "UNKNOWN"}, "uprn": "100012345678"}
    content = {
        "notes": "Ring 07700 900123.\nShe is at 7 Weir Close.",
        "others": [{"ref": "child-1", "address": place}],
        "previous_addresses": [{"lines": ["The Larches"]}],
        "po_box": "PO Box 614",
    }
    assert set(values_of("protected_address", content, {})) >= {
        ("number", "7700900123"),
        ("house", "7 weir cl"),
        ("house", "4 gull ln"),
        ("number", "0012345678"),
        ("name", "larches"),
        ("name", "po box 614"),
    }
