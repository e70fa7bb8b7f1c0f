"""What can go wrong, named once; a door maps each kind to an answer, nothing else does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in what was sent.

    `code` is one of a published list; `pointer` is an RFC 6901 JSON pointer into the sent
    document ("" is the whole of it). Neither ever holds a value that was sent.
    """

    code: str
    pointer: str


class GatewayError(Exception):
    """Base of all expected errors. The message is a literal: no personal data, no sent value."""

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code


class Invalid(GatewayError):
    """What was sent is not of the published form; `problems` says where."""

    code = "invalid"

    def __init__(self, message: str = "", *problems: Problem, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.problems = problems


class Undecipherable(Invalid):
    """An envelope, signature or token could not be opened or is not by who it says."""

    code = "undecipherable"


class Unauthenticated(GatewayError):
    """The token or its proof does not hold (RFC 6750 `invalid_token`, RFC 9449)."""

    code = "invalid_token"


class OutOfScope(GatewayError):
    """The token lacks the scope of the operation (RFC 6750 `insufficient_scope`)."""

    code = "insufficient_scope"


class Mismatch(GatewayError):
    """The caller's own statement contradicts its token, such as another worker id."""

    code = "mismatch"


class NotFound(GatewayError):
    """There is nothing there for this caller."""

    code = "not_found"


class Denied(NotFound):
    """There is something, and this caller may not have it; looks like `NotFound` from outside.

    `because` is the true reason, for the access log alone.
    """

    def __init__(self, because: str, *, subject: str | None = None) -> None:
        super().__init__("")
        self.because = because
        self.subject = subject


class Conflict(GatewayError):
    """The request is well formed and contradicts what already stands."""

    code = "conflict"


class TooMany(GatewayError):
    """The caller did this too often; `wait` is the seconds after which it may again."""

    code = "too_many_requests"

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class Unavailable(GatewayError):
    """A part that a promise rests on is down; nothing was disclosed or changed."""

    code = "unavailable"


class UnsafeSettings(GatewayError):
    """The service must not start like this; the message says what to change."""

    code = "unsafe_settings"


class BrokenTable(GatewayError):
    """A rule table is empty, partial or contradictory; the message names the row."""

    code = "broken_table"


def place_of(error: BaseException) -> str:
    """The function and line where something was raised, for a log: never a value."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "-"
