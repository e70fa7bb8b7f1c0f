"""Owns `gateway profiles`: judging rule tables before they are put in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import click

from gateway.cli import changing, changing_places
from gateway.cli.office import failing_plainly
from gateway.profiles.loader import Profile, Profiles
from gateway.rules.changes import Tables, reading_rules, sight_changes
from gateway.rules.consent_changes import consent_changes
from gateway.schemas.codes import CaseRole

_PATH = click.Path(exists=True, path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("profiles")
def profiles() -> None:
    """Judge rule tables: a folder of them, or one file that takes the place of a shipped table."""


@profiles.command("check")
@click.argument("path", type=_PATH)
def check(path: Path) -> None:
    """Prove the tables at PATH: whole, without contradiction, and safe; or name the row."""
    with failing_plainly():
        found = _load(path)
    for area in found.areas:
        for profile in found.history(area):
            print(f"{profile.name} from {profile.effective_from}:")
            for name, version in sorted(profile.versions.items()):
                print(f"  {name} {version}")
    print("whole, without contradiction and safe: every invariant holds over the whole domain")


@profiles.command("diff")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.option("--on", type=_DAY, help="The day to compare; else what counts once all is in force.")
def diff(old: Path, new: Path, on: datetime | None) -> None:
    """Say in plain words what NEW would newly allow or refuse against OLD."""
    day = on.date() if on else date.max
    with failing_plainly():
        was, now = _load(old), _load(new)
        lines = list(_differences(was, now, day))
    for line in lines:
        print(line)
    if not lines:
        print("Nothing would change.")


def _load(path: Path) -> Profiles:
    return Profiles.load(path) if path.is_dir() else Profiles.load(instead=path)


def _differences(was: Profiles, now: Profiles, day: date) -> Iterator[str]:
    """Yield every line, the tables that all areas share first."""
    areas = sorted({*was.areas, *now.areas})
    both = [area for area in areas if area in was.areas and area in now.areas]
    for area in areas:
        if area not in both:
            yield f"{area}: the area would {'newly' if area in now.areas else 'no longer'} exist."
    pairs = [(was.for_area(area, day), now.for_area(area, day)) for area in both]
    for old, new in pairs[:1]:
        yield from _part("Who may be told (consent table)", _consent(old, new))
        yield from _part("What is seen (need-to-know matrix)", _sight(old, new))
        yield from _part(
            "Where cases go (routing)", changing_places.routing(old.routing, new.routing)
        )
    for old, new in pairs:
        yield from _part(f"Settings of {new.name}", changing_places.area(old, new))


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines under their title, or nothing."""
    found = list(lines)
    if found:
        yield from (title, *(f"- {line}" if line[0] != " " else line for line in found), "")


def _consent(old: Profile, new: Profile) -> Iterator[str]:
    for change in consent_changes(old.consent, new.consent):
        yield from changing.consent(change)


def _sight(old: Profile, new: Profile) -> Iterator[str]:
    yield from changing.stated(old.matrix, new.matrix)
    before, after = Tables(old.consent, old.matrix), Tables(new.consent, new.matrix)
    for change in sight_changes(before, after):
        every = reading_rules(change.kinds, before, after)
        yield changing.sight(change, (new.matrix, old.matrix), every=every)
    for outcome in new.matrix.outcomes:
        is_told = CaseRole.ALERTED in new.matrix.outcomes[outcome]
        if is_told is not (CaseRole.ALERTED in old.matrix.outcomes[outcome]):
            newly = "newly" if is_told else "no longer"
            yield f"After {outcome}, whoever is to be alerted would {newly} be."
