"""Owns what a reader of a PDF unpacks unasked: lists of objects, behind the one filter we count.

Whoever opens a PDF unpacks two kinds of stream only to know which objects there are. Behind any
other filter than Flate nobody counted what comes out: three megabytes of LZW become gigabytes.
Every writer that we know of uses Flate there, or none.
"""

from __future__ import annotations

import re

from gateway.schemas.originals.kept import Budget, bad

_TOKENS = 1_000_000  # of all dictionaries of a file
_LONGEST = 8  # words of one list of filters
_UNKNOWN = b"?"
_BLANK = rb"\0\t\n\f\r "
_START = re.compile(rb"obj(?:[" + _BLANK + rb"]|%[^\r\n]*[\r\n])*(?=<<)")
_TOKEN = re.compile(
    rb"%[^\r\n]*|<<|>>|<[^<>]*>|\(|[\[\]{})<>]"
    rb"|/[^" + _BLANK + rb"()<>\[\]{}/%]*|[^" + _BLANK + rb"()<>\[\]{}/%]+"
)
_IN_TEXT = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_COUNTED = frozenset({b"/FlateDecode", b"/Fl", b"[", b"]", b"null"})


def require_counted(content: bytes) -> None:
    """Refuse a list of objects that is packed in a way that the budget of a file does not see.

    :raises Invalid: active_content.
    """
    left = Budget(_TOKENS)
    for found in _START.finditer(content):
        words = _words(content, found.end(), left)
        names = set(words)
        is_list = names >= {b"/N", b"/First"} or b"/W" in names
        if is_list and not _COUNTED.issuperset(_filters(words)):
            raise bad("active_content")


def _filters(words: list[bytes]) -> list[bytes]:
    """What stands where a dictionary names its filters; a reference to them is none we know."""
    found: list[bytes] = []
    for place, word in enumerate(words):
        if word == b"/Filter":
            value = words[place + 1 : place + _LONGEST]
            if value[:1] == [b"["]:
                found += value[: value.index(b"]")] if b"]" in value else [_UNKNOWN]
            else:
                found += value[:1]
    return found


def _words(content: bytes, at: int, left: Budget) -> list[bytes]:
    """The words of the dictionary that begins here, names as they are read; none from within."""
    words: list[bytes] = []
    depth = 0
    while token := _TOKEN.search(content, at):
        left.take(1)
        word, at = token[0], token.end()
        if word == b"(":
            at = _after_text(content, at, left)
        elif word == b"<<":
            depth += 1
        elif word == b">>":
            depth -= 1
            if depth == 0:
                break
        elif depth == 1 and not word.startswith(b"%"):
            words.append(_ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), word))
    return words


def _after_text(content: bytes, at: int, left: Budget) -> int:
    depth = 1
    while depth and (found := _IN_TEXT.search(content, at)):
        left.take(1)
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        at = found.end()
    return at
