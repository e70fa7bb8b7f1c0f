"""Owns which ways to reach her are safe today: what is unknown, shared or out of date is not.

Nobody is reached by the gateway itself: no message, and no confirmation of a changed number, is
ever sent to her. This is for the people who are about to ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

HIDDEN = "[do not use]"
_USES: Mapping[str, str] = {
    "CALL": "safe_to_call",
    "VOICEMAIL": "safe_to_leave_voicemail",
    "TEXT": "safe_to_text",
    "EMAIL": "safe_to_email",
    "LETTER": "safe_for_letter",
}
_LEAVES_TRACES = frozenset({"VOICEMAIL", "TEXT", "EMAIL"})  # what somebody else may read later

_WATCHED = ("perpetrator_has_access", "device_monitored_suspected")


def safe_uses(channel: Mapping[str, Any], on: date) -> tuple[str, ...]:
    """Return what one channel may be used for on a day; anything but a plain yes is a no.

    None of it once it was due to be asked about again. Where the perpetrator has, or may have,
    access, or watches the device, nothing is left that can be read or heard later.
    """
    review_by = channel.get("review_by")
    is_current = isinstance(review_by, str) and on.isoformat() <= review_by
    if not is_current:
        return ()
    safe = {use for use, name in _USES.items() if channel.get(name) == "YES"}
    if any(channel.get(name) != "NO" for name in _WATCHED):
        safe -= _LEAVES_TRACES
    return tuple(use for use in _USES if use in safe)


def safe_view(content: Mapping[str, Any], on: date) -> dict[str, Any]:
    """Return a safe contact as a person may see it on a day.

    Each channel says what it may be used for; the number or address of one that may be used for
    nothing is not there, so that nobody uses it by mistake.
    """
    channels = []
    for channel in content.get("channels", ()):
        uses = safe_uses(channel, on)
        hidden = {"value": HIDDEN} if not uses and "value" in channel else {}
        channels.append({**channel, **hidden, "safe_uses": list(uses)})
    return {**content, "channels": channels}
