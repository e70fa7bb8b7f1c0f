"""Owns the files of the rule tables: which there are, their versions, and from when each counts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar

from gateway.errors import BrokenTable

Table = TypeVar("Table")

# Tables of which several versions may lie side by side: NAME.toml, NAME_2027.toml and so on.
DATED = ("consent", "matrix", "routing", "legal")
SINGLE = ("fields", "rates", "declaration")
FOLDERS = ("instruments", "areas")


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file; its version is the SHA-256 of its bytes."""

    name: str  # as messages call it: "areas/marlbury"
    data: Mapping[str, Any]
    version: str


@dataclass(frozen=True, slots=True)
class Edition(Generic[Table]):
    """One version of a table and the first day on which it counts."""

    table: Table
    version: str
    effective_from: date


Editions = tuple[Edition[Table], ...]


def list_files(folder: Path, instead: Path | None = None) -> dict[str, tuple[File, ...]]:
    """Return the files of a folder by table, each table with at least one.

    `instead` is a single file that takes the place of all versions of its table, as for judging
    one table before it is put in. An area's file takes the place of that area alone.

    :raises BrokenTable: if one is missing, cannot be read, or is no table of ours.
    """
    found = {name: _of_table(folder, name) for name in (*DATED, *SINGLE)}
    found |= {name: tuple(_of_folder(folder / name)) for name in FOLDERS}
    if instead is not None:
        file = read(instead, instead.stem)
        name = kind_of(file)
        others = (each for each in found["areas"] if each.data.get("id") != file.data.get("id"))
        found[name] = (*others, file) if name == "areas" else (file,)
    return found


def read(path: Path, name: str) -> File:
    """Return a parsed file.

    :raises BrokenTable: if it is not TOML.
    """
    try:
        raw = path.read_bytes()
        return File(name, tomllib.loads(raw.decode()), sha256(raw).hexdigest())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise BrokenTable(f"{path.name}: cannot be read as TOML") from None


def kind_of(file: File) -> str:
    """Return which table a single file is, by the parts that only this table has.

    :raises BrokenTable: if it is none that may be judged by itself.
    """
    parts = {
        "matrix": "columns",
        "consent": "duty",
        "routing": "research",
        "areas": "clocks",
        "legal": "bases",
    }
    for name, part in parts.items():
        if part in file.data:
            return name
    raise BrokenTable(f"{file.name}: is no consent table, matrix, routing table, area or catalogue")


def editions(
    files: tuple[File, ...], load: Callable[[Mapping[str, Any]], Table]
) -> Editions[Table]:
    """Return every version of one table, loaded, the earliest first.

    :raises BrokenTable: if one does not load, or two count from the same day.
    """
    found: list[Edition[Table]] = []
    for file in files:
        with naming(file):
            found.append(Edition(load(file.data), file.version, day_of(file)))
    found.sort(key=lambda each: each.effective_from)
    for one, other in pairwise(found):
        if one.effective_from == other.effective_from:
            raise BrokenTable(f"{files[0].name}: two versions count from {one.effective_from}")
    return tuple(found)


def in_force(versions: Editions[Table], on: date) -> Edition[Table] | None:
    """Return the version that counts on a day, or None if there is none yet."""
    return next((each for each in reversed(versions) if each.effective_from <= on), None)


def day_of(file: File) -> date:
    """Return the first day on which a file counts."""
    day = file.data.get("effective_from")
    if type(day) is not date:  # a time of day would be no day
        raise BrokenTable(f"{file.name}: effective_from is missing or no date")
    return day


@contextmanager
def naming(file: File) -> Iterator[None]:
    """Say in which file a fault lies, where several share one table's name."""
    try:
        yield
    except BrokenTable as error:
        said = error.message or ""
        raise BrokenTable(
            said if said.startswith(file.name) else f"{file.name}.toml: {said}"
        ) from None


def _of_table(folder: Path, name: str) -> tuple[File, ...]:
    paths = [folder / f"{name}.toml"]
    if name in DATED:
        paths += sorted(folder.glob(f"{name}_*.toml"))
    return tuple(read(path, path.stem) for path in paths)


def _of_folder(folder: Path) -> Iterator[File]:
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise BrokenTable(f"{folder.name}: there is no table in it")
    for path in paths:
        yield read(path, f"{folder.name}/{path.stem}")
