"""Owns which files may come with a referral, and what is left of each: nothing that acts by itself.

A signature, the ending of its name and a real reading have to agree. Pictures are drawn anew, so
that neither place nor camera stays in them; a PDF or Word file is written anew without what was
said about its writer; mail becomes its text. Viruses are not looked for.
"""

from __future__ import annotations

import email.policy
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any

from gateway.errors import Invalid, Problem

LARGEST = 3_000_000  # bytes of one file
MOST = 8  # files of one referral
_PIXELS = 40_000_000
_INFLATED = 100_000_000  # bytes that a file may become when it is read
_PAGES, _OBJECTS, _ENTRIES = 300, 60_000, 1_000
_TEXT_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ACTING = (
    "JS JavaScript AA Launch EmbeddedFile EmbeddedFiles EF RichMedia XFA GoToR GoToE SubmitForm"
    " ImportData Rendition Movie Sound 3D"
)
_ACTS = frozenset(f"/{name}" for name in _ACTING.split(" "))
_STREAM = re.compile(rb"stream\r?\n")
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_FIELDS = re.compile(rb"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it is kept: its kind, by which it is named when it is handed out, and its bytes."""

    media_type: str
    content: bytes = field(repr=False)


ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    _WORD: "docx",
    "text/plain": "txt",
}


def clean(name: str, content: bytes) -> Original:
    """Return what is kept of a file; its name is looked at for its ending and then forgotten.

    :raises Invalid: with a code: too_long, unknown_code (a kind that is not taken, or not what its
        name says), unreadable, active_content (it acts by itself, holds files or becomes too much).
    """
    if len(content) > LARGEST:
        raise _bad("too_long")
    found = _KINDS.get(name.rsplit(".", 1)[-1].lower() if "." in name else "")
    if found is None or not content.startswith(found[0]):
        raise _bad("unknown_code")
    return found[1](content)


def _bad(code: str) -> Invalid:
    return Invalid("The file is not taken.", Problem(code, "/file"))


# --- pictures ---------------------------------------------------------------------------------


def _picture(kind: str, media_type: str) -> Callable[[bytes], Original]:
    def draw(content: bytes) -> Original:
        return Original(media_type, _drawn(content, kind))

    return draw


def _drawn(content: bytes, kind: str) -> bytes:
    """The same picture without anything that is not picture: no place, time, camera or comment."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as opened:
            if opened.width * opened.height > _PIXELS or getattr(opened, "n_frames", 1) > 1:
                raise _bad("active_content")
            upright = ImageOps.exif_transpose(opened)
            plain = upright.convert("RGB" if kind == "JPEG" else "RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise _bad("unreadable") from None
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    made = io.BytesIO()
    bare.save(made, kind, **({"quality": 90} if kind == "JPEG" else {"optimize": False}))
    return made.getvalue()


# --- PDF --------------------------------------------------------------------------------------


def _pdf(content: bytes) -> Original:
    import pikepdf

    _require_small(content)
    try:
        with pikepdf.open(io.BytesIO(content)) as opened:
            if opened.is_encrypted or not 0 < len(opened.pages) <= _PAGES:
                raise _bad("unreadable")
            _require_still(opened)
            for name in ("/Metadata", "/OpenAction", "/PieceInfo"):
                if name in opened.Root:
                    del opened.Root[name]
            if "/Info" in opened.trailer:
                del opened.trailer["/Info"]
            made = io.BytesIO()
            opened.save(made, deterministic_id=True)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, RuntimeError, OverflowError):
        raise _bad("unreadable") from None
    return Original("application/pdf", made.getvalue())


def _require_small(content: bytes) -> None:
    """Refuse a file whose packed parts become too much; nothing of them is kept."""
    left = _INFLATED
    for found in _STREAM.finditer(content):
        unpacked = zlib.decompressobj()
        try:
            left -= len(unpacked.decompress(content[found.end() :], left + 1))
        except zlib.error:
            continue
        if left < 0:
            raise _bad("active_content")


def _require_still(opened: Any) -> None:
    """Refuse what runs, fetches, plays, submits or carries other files."""
    objects = opened.objects
    if len(objects) > _OBJECTS:
        raise _bad("active_content")
    for each in objects:
        for part in _within(each, 0):
            names = {str(key) for key in part} | {str(part.get("/S", ""))}
            if names & _ACTS or str(part.get("/Type", "")) in ("/EmbeddedFile", "/Filespec"):
                raise _bad("active_content")


def _within(value: Any, depth: int) -> Iterator[Any]:
    """Every dictionary that lies directly in an object; what is referred to is seen by itself."""
    import pikepdf

    if depth > 40:
        raise _bad("active_content")
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


# --- Word -------------------------------------------------------------------------------------


def _word(content: bytes) -> Original:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = _parts(packed)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        raise _bad("unreadable") from None
    if _MAIN not in parts.get("[Content_Types].xml", b"") or "word/document.xml" not in parts:
        raise _bad("unknown_code")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(zipfile.ZipInfo(name), _part(name, part), zipfile.ZIP_DEFLATED)
    return Original(_WORD, made.getvalue())


def _parts(packed: zipfile.ZipFile) -> dict[str, bytes]:
    """Every part, read with an end: what a part says of its own length is not believed."""
    listed = packed.infolist()
    if len(listed) > _ENTRIES or len({each.filename for each in listed}) < len(listed):
        raise _bad("active_content")
    found, left = {}, _INFLATED
    for each in listed:
        if each.is_dir():
            continue
        with packed.open(each) as part:
            found[each.filename] = part.read(left + 1)
        left -= len(found[each.filename])
        if left < 0:
            raise _bad("active_content")
    return found


def _part(name: str, part: bytes) -> bytes:
    """One part as it is kept: text that only says something, pictures drawn anew."""
    ending = name.rsplit(".", 1)[-1].lower()
    if ending in ("png", "jpg", "jpeg"):
        return _drawn(part, "PNG" if ending == "png" else "JPEG")
    if ending not in ("xml", "rels"):
        raise _bad("active_content")  # macros, other files, what draws by commands
    if b"<!DOCTYPE" in part or b"<!ENTITY" in part or _FIELDS.search(part):
        raise _bad("active_content")
    if ending == "rels" and any(
        b"hyperlink" not in each for each in re.findall(rb"<[^>]*TargetMode=.External[^>]*>", part)
    ):
        raise _bad("active_content")  # a template or picture that is fetched from elsewhere
    if b"macroEnabled" in part or b"oleObject" in part or b"activeX" in part:
        raise _bad("active_content")
    return part


# --- text and mail ----------------------------------------------------------------------------


def _text(content: bytes) -> Original:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad("unreadable") from None
    if _TEXT_BAD.search(text) or not text.strip():
        raise _bad("unreadable")
    return Original("text/plain", text.encode())


def _mail(content: bytes) -> Original:
    """The text of a mail with who wrote to whom, and when; what is attached comes by itself."""
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    try:
        if any(True for _ in message.iter_attachments()):
            raise _bad("active_content")
        body = message.get_body(("plain",))
        lines = [f"{n}: {message[n]}" for n in ("From", "To", "Date", "Subject") if message[n]]
        text = body.get_content() if body is not None else ""
    except (LookupError, ValueError, AttributeError, TypeError):
        raise _bad("unreadable") from None
    if not lines or not text.strip():
        raise _bad("unreadable")
    return _text("\n".join([*lines, "", text]).encode("utf-8", "replace"))


_KINDS: Mapping[str, tuple[bytes, Callable[[bytes], Original]]] = {
    "pdf": (b"%PDF-", _pdf),
    "png": (b"\x89PNG\r\n\x1a\n", _picture("PNG", "image/png")),
    "jpg": (b"\xff\xd8\xff", _picture("JPEG", "image/jpeg")),
    "jpeg": (b"\xff\xd8\xff", _picture("JPEG", "image/jpeg")),
    "docx": (b"PK\x03\x04", _word),
    "txt": (b"", _text),
    "eml": (b"", _mail),
}
