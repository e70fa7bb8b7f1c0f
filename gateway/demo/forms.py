"""Owns the forms of the demonstration: the worked examples, dated as if they happened now."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gateway.errors import UnsafeSettings

Form = dict[str, Any]
WRITTEN = date(2026, 11, 21)  # the day on which all dates of the examples are seen
_HERE = Path(__file__).parent
FOLDERS = (_HERE / "examples", _HERE.parents[1] / "examples")  # in a wheel; in the repository
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})(T[0-9:.]+(?:Z|[+-]\d{2}:\d{2}))?")


def folder() -> Path:
    """Where the worked examples lie.

    :raises UnsafeSettings: if they are not installed.
    """
    for each in FOLDERS:
        if (each / "c1.json").is_file():
            return each
    raise UnsafeSettings("The worked examples are not installed.")


class Forms:
    """The worked examples; a file of the same name in `instead` takes an example's place."""

    def __init__(self, on: date, instead: Path | None = None) -> None:
        self.on = on
        self._folders = [each for each in (instead, folder()) if each]

    def load(self, name: str, *, on: date | None = None) -> Form:
        """Return an example as it would have been written on a day, by default today."""
        path = next(p for each in self._folders if (p := each / f"{name}.json").is_file())
        moved: Form = _moved(json.loads(path.read_text("utf-8")), (on or self.on) - WRITTEN)
        return moved


def recast(form: Form, names: Mapping[str, str], number: int) -> Form:
    """Return the same story about other invented people, who share nothing with the first."""
    text = json.dumps(form, ensure_ascii=False)
    for old, new in names.items():
        text = text.replace(old, new)
    changed: Form = json.loads(text)
    document, by = changed["document"], timedelta(days=number)
    victim = document["victim"]
    victim.update(aliases=[], former_names=[], spelling_variants=[], nhs_number=_nhs(number))
    victim["dob"]["value"] = _before(victim["dob"]["value"], by)
    for row, perpetrator in enumerate(document["perpetrators"]):
        perpetrator.pop("aliases", None)
        perpetrator["phones"] = [f"07700 9{number:02}{row:03}"[:12]]
        if "dob" in perpetrator:
            perpetrator["dob"] = _before(perpetrator["dob"], by)
    return changed


def changed(form: Form, **members: Any) -> Form:
    """Return a copy of a form with members of its document replaced; `part__name` goes deeper."""
    made = copy.deepcopy(form)
    for path, value in members.items():
        *parts, last = path.split("__")
        here = made["document"]
        for part in parts:
            here = here[part]
        here[last] = value
    return made


def _before(day: str, by: timedelta) -> str:
    return (date.fromisoformat(day) - by).isoformat()


def _nhs(number: int) -> str:
    """An NHS number of the range kept for tests, with its modulus 11 check digit."""
    for middle in range(number * 10, number * 10 + 10):
        digits = f"999{middle:06}"
        total = sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True))
        check = (11 - total % 11) % 11
        if check < 10:
            return f"{digits}{check}"
    raise AssertionError(number)


def _moved(value: Any, by: timedelta) -> Any:
    """Move every date and time of a document; words that name a day are left as they are."""
    if isinstance(value, dict):
        return {name: _moved(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, by) for inner in value]
    found = _DATED.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    return (date.fromisoformat(found[1]) + by).isoformat() + (found[2] or "")
