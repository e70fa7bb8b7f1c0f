"""Owns pictures: drawn anew, so that only the picture stays."""

from __future__ import annotations

import io

from gateway.schemas.originals.kept import PIXELS, Budget, Original, bad


def clean_png(content: bytes) -> Original:
    """A PNG of one frame. :raises Invalid: as `originals.clean`."""
    return Original("image/png", drawn(content, "PNG", Budget(PIXELS)))


def clean_jpeg(content: bytes) -> Original:
    """A JPEG, turned upright. :raises Invalid: as `originals.clean`."""
    return Original("image/jpeg", drawn(content, "JPEG", Budget(PIXELS)))


def drawn(content: bytes, kind: str, pixels: Budget) -> bytes:
    """The same picture without anything that is not picture: no place, time, camera or comment.

    Its pixels are paid for before any of them is read.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as opened:
            pixels.take(opened.width * opened.height)
            if getattr(opened, "n_frames", 1) > 1:
                raise bad("active_content")
            upright = ImageOps.exif_transpose(opened)
            plain = upright.convert("RGB" if kind == "JPEG" else "RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise bad("unreadable") from None
    bare = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    made = io.BytesIO()
    bare.save(made, kind, **({"quality": 90} if kind == "JPEG" else {"optimize": False}))
    return made.getvalue()
