"""Owns the paragraphs of minutes: their classes, and who of two that write at once is second."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.schemas.meeting_codes import MinuteKind, Said

# Which section a paragraph belongs to: what kind of thing it tells decides who reads it.
MINUTES = "minutes"
SECTIONS: tuple[str, ...] = (
    MINUTES,
    "minutes_incidents",
    "minutes_children",
    "minutes_perpetrator",
    "minutes_orders",
    "minutes_housing",
    "minutes_health",
    "minutes_mental_health",
    "minutes_substance_use",
    "minutes_sexual_violence",
    "minutes_offending",
)
LONGEST = 4000  # characters of a paragraph
MOST = 200  # paragraphs of a case


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph. `key` names it on the page that wrote it; `page` is that page."""

    key: str
    number: int
    version: int
    page: str
    by: str
    kind: MinuteKind
    said: Said
    section: str
    owner: str
    text: str = field(repr=False)
    beside: int | None = None  # written at the same time as the paragraph of that number
    is_held: bool = False  # something in it is held back from who reads the draft


@dataclass(frozen=True, slots=True)
class Sent:
    """A paragraph as a page sends it; `version` is what its writer saw."""

    key: str
    page: str
    version: int
    kind: MinuteKind
    said: Said
    section: str
    owner: str
    text: str = field(repr=False)


def is_overtaken(stored: Paragraph, sent: Sent) -> bool:
    """Whether somebody else changed a paragraph since its sender saw it.

    A page whose answer was lost sends once more what it sent before, or has since; what itself
    wrote last does not overtake it.
    """
    return stored.version != sent.version and stored.page != sent.page
