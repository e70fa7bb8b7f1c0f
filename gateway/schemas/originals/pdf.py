"""Owns PDF files: refused if they act, written anew without what was said about their writer."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import Any

from gateway.schemas.originals.filters import require_counted
from gateway.schemas.originals.kept import INFLATED, Budget, Original, bad

_PAGES, _OBJECTS, _STREAMS = 300, 60_000, 10_000
_PIECE, _STEP = 4_096, 65_536  # bytes that are handed to, and taken from, the unpacker at a time
_HEAD = 256  # bytes by which something is known to be packed twice
_ACTING = (
    "JS JavaScript AA Launch EmbeddedFile EmbeddedFiles EF RichMedia XFA GoToR GoToE SubmitForm"
    " ImportData Rendition Movie Sound 3D"
)
_ACTS = frozenset(f"/{name}" for name in _ACTING.split(" "))
_STREAM = re.compile(rb"(?<!end)stream\s*")  # readers forgive a missing or odd end of line


def clean(content: bytes) -> Original:
    """A PDF that only shows something. :raises Invalid: as `originals.clean`."""
    import pikepdf

    _require_small(memoryview(content))
    require_counted(content)
    try:
        with pikepdf.open(io.BytesIO(content)) as opened:
            if opened.is_encrypted or not 0 < len(opened.pages) <= _PAGES:
                raise bad("unreadable")
            _require_still(opened)
            for name in ("/Metadata", "/OpenAction", "/PieceInfo"):
                if name in opened.Root:
                    del opened.Root[name]
            if "/Info" in opened.trailer:
                del opened.trailer["/Info"]
            made = io.BytesIO()
            as_packed = pikepdf.StreamDecodeLevel.none  # what was never unpacked cannot swell
            opened.save(
                made,
                deterministic_id=True,
                compress_streams=False,
                stream_decode_level=as_packed,
            )
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, RuntimeError, OverflowError):
        raise bad("unreadable") from None
    return Original("application/pdf", made.getvalue())


def _require_small(content: memoryview) -> None:
    """Refuse a file whose packed parts become too much; nothing of them is kept.

    What is read is paid for like what comes out, so that many starts cost no more than one.
    """
    left = Budget(INFLATED)
    for number, found in enumerate(_STREAM.finditer(content)):
        if number >= _STREAMS:
            raise bad("active_content")
        try:
            _unpack(content[found.end() :], left)
        except zlib.error:
            continue


def _unpack(packed: memoryview, left: Budget) -> None:
    unpacked, head = zlib.decompressobj(), b""
    for start in range(0, len(packed), _PIECE):
        piece: bytes | memoryview = packed[start : start + _PIECE]
        left.take(len(piece))
        while piece:
            found = unpacked.decompress(piece, _STEP)
            left.take(len(found))
            if len(head) < _HEAD <= len(head) + len(found):
                _require_packed_once(head + found[:_HEAD])
            head = (head + found[:_HEAD])[:_HEAD]
            piece = unpacked.unconsumed_tail
        if unpacked.eof:
            return


def _require_packed_once(head: bytes) -> None:
    """Refuse what is packed within what is packed: two kilobytes may become a gigabyte."""
    try:
        zlib.decompressobj().decompress(head, _STEP)
    except zlib.error:
        return
    raise bad("active_content")


def _require_still(opened: Any) -> None:
    """Refuse what runs, fetches, plays, submits or carries other files."""
    objects = opened.objects
    if len(objects) > _OBJECTS:
        raise bad("active_content")
    for each in objects:
        for part in _within(each, 0):
            names = {str(key) for key in part} | {str(part.get("/S", ""))}
            if names & _ACTS or str(part.get("/Type", "")) in ("/EmbeddedFile", "/Filespec"):
                raise bad("active_content")


def _within(value: Any, depth: int) -> Iterator[Any]:
    """Every dictionary that lies directly in an object; what is referred to is seen by itself."""
    import pikepdf

    if depth > 40:
        raise bad("active_content")
    if isinstance(value, pikepdf.Stream):
        value = value.stream_dict
    if isinstance(value, pikepdf.Dictionary):
        yield value
        inner = [each for _, each in value.items()]
    elif isinstance(value, pikepdf.Array):
        inner = list(value)
    else:
        return
    for each in inner:
        if isinstance(each, pikepdf.Object) and not each.is_indirect:
            yield from _within(each, depth + 1)
