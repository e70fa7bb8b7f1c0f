"""Owns which files may come with a referral, and what is left of each: nothing that acts by itself.

A signature, the ending of its name and a real reading have to agree. Pictures are drawn anew, so
that neither place nor camera stays in them; a PDF or Word file is written anew without what was
said about its writer; mail becomes its text. Viruses are not looked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from gateway.errors import Unavailable
from gateway.schemas.originals import pdf, pictures, texts, word
from gateway.schemas.originals.kept import Original, bad

__all__ = ["ENDINGS", "LARGEST", "MOST", "ONE_AT_A_TIME", "Original", "clean"]

LARGEST = 3_000_000  # bytes of one file
MOST = 8  # files of one referral
ONE_AT_A_TIME = threading.Lock()  # of a process: a picture alone may take some hundred megabytes
_WAIT = 3.0  # seconds for a turn; a longer queue is told to come again

ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    word.MEDIA_TYPE: "docx",
    "text/plain": "txt",
}


def clean(name: str, content: bytes) -> Original:
    """Return what is kept of a file; its name is looked at for its ending and then forgotten.

    It takes up to some seconds: no transaction may be open meanwhile.

    :raises Invalid: with a code: too_long, unknown_code (a kind that is not taken, or not what its
        name says), unreadable, active_content (it acts by itself, holds files or becomes too much).
    :raises Unavailable: if this process is busy with other files.
    """
    if len(content) > LARGEST:
        raise bad("too_long")
    found = _KINDS.get(name.rsplit(".", 1)[-1].lower() if "." in name else "")
    if found is None or not content.startswith(found[0]):
        raise bad("unknown_code")
    if not ONE_AT_A_TIME.acquire(timeout=_WAIT):
        raise Unavailable("Other files are being read.")
    try:
        return found[1](content)
    finally:
        ONE_AT_A_TIME.release()


_KINDS: Mapping[str, tuple[bytes, Callable[[bytes], Original]]] = {
    "pdf": (b"%PDF-", pdf.clean),
    "png": (b"\x89PNG\r\n\x1a\n", pictures.clean_png),
    "jpg": (b"\xff\xd8\xff", pictures.clean_jpeg),
    "jpeg": (b"\xff\xd8\xff", pictures.clean_jpeg),
    "docx": (b"PK\x03\x04", word.clean),
    "txt": (b"", texts.clean_text),
    "eml": (b"", texts.clean_mail),
}
