"""Every code that a page may have to say has words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from gateway.desk import words
from gateway.rules import owing, releasing
from gateway.schemas.codes import (
    CaseRole,
    CaseState,
    PersonRole,
    Position,
    Purpose,
    RiskLevel,
)

TABLES: tuple[tuple[Mapping[Any, Any], type[StrEnum]], ...] = (
    (words.ROLES, PersonRole),
    (words.PURPOSES, Purpose),
    (words.STATES, CaseState),
    (words.LEVELS, RiskLevel),
    (words.PARTS, CaseRole),
    (words.POSITIONS, Position),
)


@pytest.mark.parametrize(("said", "codes"), TABLES, ids=lambda each: getattr(each, "__name__", ""))
def test_each_code_has_words_and_there_are_no_others(
    said: Mapping[Any, Any], codes: type[StrEnum]
) -> None:
    assert {str(code) for code in said} == {str(code) for code in codes}


def test_whatever_is_owed_has_words() -> None:
    owed = {owing.OVERRIDE, owing.REVIEW, owing.RENEW, owing.ENDED, *releasing.WAITING}
    assert owed <= words.OWED.keys()
