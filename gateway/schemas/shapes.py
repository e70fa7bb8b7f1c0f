"""Owns the values of a fixed shape: dates and times, identifiers, ways to reach a worker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from gateway.schemas import reference
from gateway.schemas.fields import Pattern, Refs, Strict

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
FIRST_YEAR, LAST_YEAR = 1900, 2199


class Date(Strict[date]):
    """A day of the calendar, written YYYY-MM-DD and no other way."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        if type(value) is not str:
            raise self.make_error("wrong_type")
        if not _DATE.fullmatch(value):
            raise self.make_error("bad_date")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("bad_date") from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise self.make_error("out_of_range")
        return day

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": f"^{_DATE.pattern}$"}


class Timestamp(Strict[datetime]):
    """A moment, RFC 3339 with its offset; loads as an aware time in UTC."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        if type(value) is not str:
            raise self.make_error("wrong_type")
        if not _TIME.fullmatch(value):
            raise self.make_error("bad_time")
        try:
            moment = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("bad_time") from None
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.make_error("out_of_range")
        return moment

    def published(self, refs: Refs) -> dict[str, Any]:
        return {"type": "string", "format": "date-time", "pattern": f"^{_TIME.pattern}$"}


class ClockTime(Pattern):
    """A time of day, HH:MM."""

    pattern = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


class Uuid(Pattern):
    """A UUID in its canonical spelling (RFC 9562 section 4), lower case."""

    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class NhsNumber(Pattern):
    """Ten digits whose last is the modulus 11 check digit (NHS Data Dictionary; CHI, H&C too)."""

    pattern = r"[0-9]{10}"

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        number: str = super()._deserialize(value, attr, data, **kwargs)
        total = sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9]))
        if (11 - total % 11) % 11 != int(number[9]):
            raise self.make_error("bad_check_digit")
        return number


class Postcode(Pattern):
    """A UK postcode in capitals with one space; the unused area XX serves invented data."""

    pattern = r"GIR 0AA|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}"


class Outward(Pattern):
    """The part of a postcode before the space."""

    pattern = r"GIR|[A-Z]{1,2}[0-9][0-9A-Z]?"


class Email(Pattern):
    """A work address of the plain kind."""

    pattern = (
        r"(?=.{3,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
        r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))+"
    )


class Phone(Pattern):
    """A telephone number as dialled: digits, and spaces or a leading plus for the eye."""

    pattern = r"\+?[0-9][0-9 ]{4,22}[0-9]"


class Language(Pattern):
    """A language tag (BCP 47, its shape)."""

    pattern = r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4}"


class AgencyId(Pattern):
    """The id under which an agency is registered."""

    pattern = r"[a-z][a-z0-9-]{1,63}"


class AreaCode(Pattern):
    """The code of an area profile."""

    pattern = r"[A-Z][A-Z0-9_]{1,31}"


class Reference(Pattern):
    """A case reference as a receipt writes it, with its check symbol."""

    pattern = f"[{reference.ALPHABET}]{{5}}-[{reference.ALPHABET}]{{5}}-[{reference.ALPHABET}]"

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        written: str = super()._deserialize(value, attr, data, **kwargs)
        if reference.read(written) is None:
            raise self.make_error("bad_check_digit")
        return written


class PersonRef(Pattern):
    """A short name for a person inside one document, such as p1."""

    pattern = r"[a-z][a-z0-9]{0,15}"


class InstrumentId(Pattern):
    """A risk instrument and its version, such as DASH_RIC@1."""

    pattern = r"[A-Z][A-Z0-9_]{1,31}@[1-9][0-9]{0,3}"


class ItemId(Pattern):
    """An item of a risk instrument, such as DASH01."""

    pattern = r"[A-Z][A-Z0-9_]{0,15}[0-9]{2}"


class Uprn(Pattern):
    """A unique property reference number."""

    pattern = r"[1-9][0-9]{0,11}"


class Base64Url(Pattern):
    """Canonical base64url without padding (RFC 4648 section 5) of exactly `octets` octets."""

    def __init__(self, octets: int, *, required: bool = True, says: str = "") -> None:
        whole, rest = divmod(octets, 3)
        # The last character of an incomplete group may only carry bits that are meant.
        tail = {0: "", 1: "[A-Za-z0-9_-][AQgw]", 2: "[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]"}[rest]
        super().__init__(f"[A-Za-z0-9_-]{{{whole * 4}}}{tail}", required=required, says=says)
