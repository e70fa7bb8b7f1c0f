"""Owns what a reader of a PDF unpacks unasked: lists of objects, behind the one filter we count.

Whoever opens a PDF unpacks two kinds of stream only to know which objects there are. Behind any
other filter than Flate nobody counted what comes out: three megabytes of LZW become gigabytes.
Every writer that we know of uses Flate there, once, or none. Words are cut as qpdf cuts them; where
it would go on after an error, and so read other words than we do, the file is refused. So is one
that is locked: what its lists become can be counted only behind the lock. And a row of a list may
not be wide: a reader makes room for it before it looks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from gateway.schemas.originals.kept import Budget, bad

TIMES = 4  # how often all bytes of a file may be looked at
_STEP = 4  # bytes that each word, text or start costs besides its own: a loop is slower than a scan
_WHITE = rb"\x00\t\n\x0b\x0c\r "  # as qpdf has it; the standard leaves out the vertical tab
_ENDS = _WHITE + rb"()<>\[\]{}/%"
_GAP = re.compile(rb"(?:[" + _WHITE + rb"]++|%[^\r\n]*+)*+")
_WORD = re.compile(
    rb"[" + _WHITE + rb"]*+(%[^\r\n]*+|<<|>>|<[0-9A-Fa-f" + _WHITE + rb"]*+>|[\[\](]"
    rb"|/[^" + _ENDS + rb"]*+|[^" + _ENDS + rb"]++)"
)
_IN_TEXT = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_OPENED_BY = {b">>": b"<<", b"]": b"["}
_FLATE = (b"/FlateDecode", b"/Fl")
_COUNTED = {(b"null",), (b"[", b"]"), *((name,) for name in _FLATE)}
_COUNTED |= {(b"[", name, b"]") for name in _FLATE}
_KINDS = frozenset({b"/ObjStm", b"/XRef"})
_LOCKED = b"/Encrypt"
_ROOMY = frozenset({b"/Columns", b"/Colors", b"/BitsPerComponent"})
_SMALL = re.compile(rb"[0-9]{1,2}")
_PREPARED = {(b"null",), (b">>",), (b"[", b"null", b"]"), (b"[", b">>", b"]")}


def _spelt(name: bytes) -> bytes:
    """A pattern of a name, each letter as it is or by its number."""
    return b"/" + b"".join(b"(?:%c|#(?i:%02x))" % (code, code) for code in name[1:])


_TELLING = re.compile(
    rb"(?:"
    + b"|".join(_spelt(name) for name in sorted({*_KINDS, _LOCKED}))
    + rb")(?=["
    + _ENDS
    + rb"]|\Z)"
)


def require_counted(content: bytes, left: Budget | None = None) -> None:
    """Refuse a list of objects that is packed in a way that the budget of a file does not see.

    What is looked at is paid for by the byte: `TIMES` the file, if nobody gives another budget.

    :raises Invalid: active_content; unreadable, if it is locked.
    """
    left = left or Budget(TIMES * len(content))
    starts: list[int] = []
    ends: list[int] = []
    at = content.find(b"obj")
    while at >= 0:
        begin = _after_gap(content, at + 3, left)
        if content.startswith(b"<<", begin):
            words, within, end = _dictionary(content, begin, left)
            if _is_list(words) and not (_is_counted(words) and _is_narrow(within)):
                raise bad("active_content")
            starts.append(begin)
            ends.append(end)
        at = content.find(b"obj", at + 3)
    _require_understood(content, starts, list(accumulate(ends, max)), left)


def _require_understood(content: bytes, starts: list[int], ends: list[int], left: Budget) -> None:
    """Refuse a file that names a list of objects where no dictionary was read, or a lock."""
    for found in _TELLING.finditer(content):
        left.take(_STEP)
        if _read(found[0]) == _LOCKED:
            raise bad("unreadable")
        before = bisect_right(starts, found.start())
        if not before or ends[before - 1] < found.end():
            raise bad("active_content")


def _is_list(words: list[bytes]) -> bool:
    names = set(words)
    return names >= {b"/N", b"/First"} or b"/W" in names or not names.isdisjoint(_KINDS)


def _is_counted(words: list[bytes]) -> bool:
    """Whether each filter that is named is one we count; a reference to one is none we know."""
    return _each(words, b"/Filter", _COUNTED) and _each(words, b"/DecodeParms", _PREPARED)


def _each(words: list[bytes], name: bytes, known: set[tuple[bytes, ...]]) -> bool:
    """Whether what follows this name is known, wherever it stands."""
    values = (words[at + 1 : at + 4] for at, word in enumerate(words) if word == name)
    return all(any(tuple(value[:n]) in known for n in (1, 2, 3)) for value in values)


def _is_narrow(within: list[bytes]) -> bool:
    """Whether each number by which rows grow is small, and no reference to another."""
    values = (within[at + 1 : at + 4] for at, word in enumerate(within) if word in _ROOMY)
    return all(value and _SMALL.fullmatch(value[0]) and value[2:] != [b"R"] for value in values)


def _after_gap(content: bytes, at: int, left: Budget) -> int:
    """Where white space and comments end."""
    end = _GAP.match(content, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    left.take(_STEP + end - at)
    return end


def _dictionary(content: bytes, at: int, left: Budget) -> tuple[list[bytes], list[bytes], int]:
    """The words of the dictionary that begins here, those of all within it, and its end.

    Names stand as they are read; of a dictionary within, and of a text, one bracket.

    :raises Invalid: if a word is none, or something is closed that was not opened.
    """
    words: tuple[list[bytes], list[bytes]] = [], []
    opened: list[bytes] = []
    depth = 0
    while found := _WORD.match(content, at):
        left.take(_STEP + found.end() - at)
        word, at = found[1], found.end()
        if word == b"(":
            at = _after_text(content, at, left)
        elif word in (b"<<", b"["):
            opened.append(word)
        elif word in _OPENED_BY and opened.pop() != _OPENED_BY[word]:
            break
        if not opened:
            return *words, at
        depth += (word == b"<<") - (word == b">>")
        if not word.startswith(b"%"):
            words[depth > 1].append(_read(word))
    raise bad("active_content")


def _read(word: bytes) -> bytes:
    if b"#" not in word:
        return word
    return _ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), word)


def _after_text(content: bytes, at: int, left: Budget) -> int:
    """Where a text ends whose beginning was read. :raises Invalid: if it does not."""
    depth = 1
    while found := _IN_TEXT.search(content, at):
        left.take(_STEP + found.end() - at)
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        at = found.end()
        if not depth:
            return at
    raise bad("active_content")
