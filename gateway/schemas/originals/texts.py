"""Owns plain text and mail; of a mail its text stays."""

from __future__ import annotations

import email.policy
import re
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser

from gateway.schemas.originals.kept import Original, bad

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINES, _BOUNDARIES = 100_000, 20  # the parser asks each line for each boundary that is open
# Bytes: the time that the parser takes for a header grows faster than the header.
_ADDRESSES, _KIND, _KINDS = 8_000, 1_000, 16_000
_HEADER = re.compile(
    rb"^(?:content-[a-z-]+|(from|to|date|subject))[ \t]*:.*(?:\n[ \t].*)*",
    re.IGNORECASE | re.MULTILINE,
)


def clean_text(content: bytes) -> Original:
    """Text in UTF-8. :raises Invalid: as `originals.clean`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise bad("unreadable") from None
    if _BAD.search(text) or not text.strip():
        raise bad("unreadable")
    return Original("text/plain", text.encode())


def clean_mail(content: bytes) -> Original:
    """The text of a mail with who wrote to whom, and when; what is attached comes by itself.

    :raises Invalid: as `originals.clean`.
    """
    _require_plain(content)
    try:
        message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(content)
        if any(True for _ in message.iter_attachments()):
            raise bad("active_content")
        body = message.get_body(("plain",))
        lines = [f"{n}: {message[n]}" for n in ("From", "To", "Date", "Subject") if message[n]]
        text = body.get_content() if body is not None else ""
    except (LookupError, ValueError, AttributeError, TypeError, RecursionError, MessageError):
        raise bad("unreadable") from None
    if not lines or not text.strip():
        raise bad("unreadable")
    return clean_text("\n".join([*lines, "", text]).encode("utf-8", "replace"))


def _require_plain(content: bytes) -> None:
    """Refuse what the parser of the standard library would take minutes for."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if lines.count(b"\n") > _LINES or lines.lower().count(b"boundary") > _BOUNDARIES:
        raise bad("unreadable")
    kinds = 0
    for found in _HEADER.finditer(lines):
        length = len(found[0])
        kinds += 0 if found[1] else length
        if length > (_ADDRESSES if found[1] else _KIND) or kinds > _KINDS:
            raise bad("unreadable")
