"""Owns the headers that go with every answer: what a browser may do with it, and keep of it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

HEADERS: Mapping[str, str] = {
    # No script at all, and nothing from anywhere else.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=63072000",  # a browser heeds it over TLS alone
    "Cache-Control": "no-store",
}
_NAMED = tuple(HEADERS.items())


def harden(response: Response) -> Response:
    """Return the answer with every header it lacks; a view that sets one of them keeps its own."""
    given = {name.lower() for name, _ in response.headers}
    response.headers.extend((name, value) for name, value in _NAMED if name.lower() not in given)
    return response
