"""Owns Word files: a parcel of parts, each read whole and paid for, or the file is refused."""

from __future__ import annotations

import io
import zipfile
import zlib

from gateway.schemas.originals.kept import INFLATED, PIXELS, Budget, Original, bad
from gateway.schemas.originals.markup import NODES, require_still
from gateway.schemas.originals.pictures import drawn

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_ENTRIES = 1_000


def clean(content: bytes) -> Original:
    """A Word file that only says something. :raises Invalid: as `originals.clean`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = _parts(packed)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        raise bad("unreadable") from None
    if _MAIN not in parts.get("[Content_Types].xml", b"") or "word/document.xml" not in parts:
        raise bad("unknown_code")
    made, pixels, nodes = io.BytesIO(), Budget(PIXELS), Budget(NODES)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            kept = _part(name, part, pixels, nodes)
            packed.writestr(zipfile.ZipInfo(name), kept, zipfile.ZIP_DEFLATED)
    return Original(MEDIA_TYPE, made.getvalue())


def _parts(packed: zipfile.ZipFile) -> dict[str, bytes]:
    """Every part, read with an end: what a part says of its own length is not believed."""
    listed = packed.infolist()
    if len(listed) > _ENTRIES or len({each.filename for each in listed}) < len(listed):
        raise bad("active_content")
    found, left = {}, Budget(INFLATED)
    for each in listed:
        if each.is_dir():
            continue
        with packed.open(each) as part:
            found[each.filename] = part.read(left.left + 1)
        left.take(len(found[each.filename]))
    return found


def _part(name: str, part: bytes, pixels: Budget, nodes: Budget) -> bytes:
    """One part as it is kept: text that only says something, pictures drawn anew."""
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in ("png", "jpg", "jpeg"):
        return drawn(part, "PNG" if ending == "png" else "JPEG", pixels)
    if ending not in ("xml", "rels"):
        raise bad("active_content")  # macros, other files, what draws by commands
    require_still(part, nodes)
    return part
