"""Owns what the XML of a Word file may say: read by a parser, never by a pattern over its bytes.

The parser streams, so that no tree is built, and is told of no entity: a part with a document type
is refused at its first word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.parsers import expat

from gateway.schemas.originals.kept import Budget, bad

NODES = 500_000  # elements and attributes of all parts of a file
_PIECE = 262_144  # bytes that are read at a time
_LONGEST = 2_000_000  # bytes of one tag: it is held whole
_HYPERLINKS = frozenset(
    f"{base}/relationships/hyperlink"
    for base in (
        "http://schemas.openxmlformats.org/officeDocument/2006",
        "http://purl.oclc.org/ooxml/officeDocument",
    )
)
_FOLLOWED = re.compile(r"(https?|mailto):", re.IGNORECASE)  # only when a reader clicks
_ELSEWHERE = re.compile(r":|\\|^\s*//")
_FIELDS = re.compile(r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE)\b", re.IGNORECASE)
_CARRIES = re.compile(r"macroEnabled|vbaProject|oleObject|activeX|aFChunk|x?html\b", re.IGNORECASE)
_INSTRUCTIONS = ("instrText", "delInstrText")
_NAMED = ("ContentType", "Type")  # the attributes by which a part says what another part is
_ACTIVE = ("altChunk", "mailMerge", "OLEObject", "control")
_DRAWN = ("imagedata", "fill", "stroke")  # of the old drawing language: they fetch by themselves
_SOURCES = ("src", "href", "althref")


def require_still(part: bytes, nodes: Budget) -> None:
    """Refuse a part that runs, fetches or carries something, or that is not plain UTF-8.

    :raises Invalid: unreadable or active_content.
    """
    try:
        if b"\0" in part or b"<!DOCTYPE" in part:  # the first: another encoding
            raise bad("active_content")
        part.decode("utf-8")
        _Reader(nodes).read(part)
    except (expat.ExpatError, UnicodeDecodeError, ValueError):
        raise bad("unreadable") from None


class _Reader:
    """Reads one part; names are compared without their prefix, which a writer may choose."""

    def __init__(self, nodes: Budget) -> None:
        self._nodes = nodes
        self._inside = 0  # instructions of fields that are open
        self._said: list[str] = []  # what they say; a NUL at each mark of a field
        self._fields: list[list[str]] = []  # what each open field says, without those within it

    def read(self, part: bytes) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._typed
        parser.StartElementHandler = self._begun
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._text
        # In pieces: the parser ends only after a piece when one of these refuses.
        for start in range(0, len(part), _PIECE):
            parser.Parse(part[start : start + _PIECE], False)
            if start - parser.CurrentByteIndex > _LONGEST:
                raise bad("active_content")
        parser.Parse(b"", True)
        # Also once with the fields apart and once as one, for the marks may not agree.
        for apart in (" ", ""):
            _require_no_field(apart if each == "\0" else each for each in self._said)
        for field in self._fields:
            _require_no_field(field)

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise bad("active_content")

    def _typed(self, name: str, system: str | None, public: str | None, has_own: bool) -> None:
        raise bad("active_content")

    def _begun(self, name: str, written: Mapping[str, str]) -> None:
        self._nodes.take(1 + len(written))
        kind = _bare(name)
        said = {_bare(each): value for each, value in written.items()}
        if kind in _ACTIVE or any(_CARRIES.search(said.get(each, "")) for each in _NAMED):
            raise bad("active_content")
        if kind == "Relationship":
            _require_inside(said)
        if kind in _DRAWN and any(_ELSEWHERE.search(said.get(each, "")) for each in _SOURCES):
            raise bad("active_content")
        if kind in _INSTRUCTIONS:
            self._inside += 1
        elif kind == "fldChar":
            self._marked(said.get("fldCharType"))
        elif "instr" in said:
            self._said += ["\0", said["instr"], "\0"]

    def _ended(self, name: str) -> None:
        if _bare(name) in _INSTRUCTIONS:
            self._inside -= 1

    def _marked(self, mark: str | None) -> None:
        self._said.append("\0")
        if mark == "begin":
            self._fields.append([])
        elif mark == "end" and self._fields:
            _require_no_field(self._fields.pop())

    def _text(self, text: str) -> None:
        if self._inside:
            self._said.append(text)
            if self._fields:
                self._fields[-1].append(text)


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def _require_no_field(said: Iterable[str]) -> None:
    """Refuse a field that asks another program or fetches; its name may be split over runs."""
    if _FIELDS.search("".join(said)):
        raise bad("active_content")


def _require_inside(said: Mapping[str, str]) -> None:
    """Refuse a relationship that leads out of the file, but for a link that a reader may follow.

    `TargetMode` is Internal unless it is said (ECMA-376 part 2, 8.3); an address that leads out
    although it is said to be internal is a trick.
    """
    target = said.get("Target", "")
    if said.get("TargetMode", "Internal") == "Internal":
        if _ELSEWHERE.search(target):
            raise bad("active_content")
    elif said.get("Type") not in _HYPERLINKS or not _FOLLOWED.match(target):
        raise bad("active_content")
