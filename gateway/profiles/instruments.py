"""Owns reading risk instruments; each version is a file of its own and pins the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.errors import BrokenTable
from gateway.profiles.reading import Row
from gateway.rules.risk import Band, Instrument, Item, Prompt
from gateway.schemas.codes import ProfessionalLevel


def load_instrument(data: Mapping[str, Any], where: str) -> Instrument:
    """Return the instrument of a parsed file.

    :raises BrokenTable: if items repeat, bands leave a score out, or a prompt names no item.
    """
    with Row(data, where) as table:
        table.day("effective_from")
        if table.text("scoring") != "COUNT_YES":
            raise BrokenTable(f"{where}: scoring is unknown")
        instrument = Instrument(
            id=table.text("id"),
            version=table.number("version"),
            title=table.text("title"),
            audience=table.text("audience"),
            items=tuple(_item(each) for each in table.rows("items")),
            bands=tuple(_band(each) for each in table.rows("bands", may_be_empty=True)),
            prompts=tuple(_prompt(each) for each in table.rows("prompts", may_be_empty=True)),
            unknown_limit=table.number("unknown_limit"),
            max_age_days=table.number("max_age_days"),
        )
    _check(instrument, where)
    return instrument


def _item(row: Row) -> Item:
    with row:
        return Item(
            id=row.text("id"),
            label=row.text("label"),
            is_critical=row.take("is_critical", bool, False),
            counts=row.take("counts", bool, True),
            subitems=row.texts("subitems", []),
        )


def _band(row: Row) -> Band:
    with row:
        return Band(row.number("low"), row.number("high"), row.code("level", ProfessionalLevel))


def _prompt(row: Row) -> Prompt:
    with row:
        groups: list[Any] = row.take("groups", list)
        if not groups or not all(isinstance(each, list) and each for each in groups):
            raise BrokenTable(f"{row.where}: groups is not a list of lists")
        quiet = row.take("quiet_at", str, "")
        return Prompt(
            code=row.text("code"),
            groups=tuple(frozenset(each) for each in groups),
            quiet_at=row.as_code(quiet, ProfessionalLevel, "quiet_at") if quiet else None,
        )


def _check(instrument: Instrument, where: str) -> None:
    ids = [item.id for item in instrument.items]
    if len(set(ids)) < len(ids):
        raise BrokenTable(f"{where}: an item stands there twice")
    for prompt in instrument.prompts:
        if not set().union(*prompt.groups) <= set(ids):
            raise BrokenTable(f"{where} prompt {prompt.code}: names no item")
    expected = 0
    for band in instrument.bands:
        if band.low != expected or band.high < band.low:
            raise BrokenTable(f"{where} band {band.level}: leaves a gap or overlaps")
        expected = band.high + 1
    if instrument.bands and expected != instrument.maximum + 1:
        raise BrokenTable(f"{where}: the bands do not end at the highest score")
