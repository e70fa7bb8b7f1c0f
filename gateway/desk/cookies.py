"""Owns what a browser holds: a random secret, and nothing else; the session lies in the database.

Only pages under /desk read it. The API has no cookies, so no other site can make a browser use it.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from gateway.agencies import people
from gateway.desk.place import ROOT

_SESSION, _FORM, _ROUND = "gw-desk", "gw-form", "gw-round"
_FORM_BYTES = 24


class Held(dict[str, Any], SessionMixin):
    """What Flask-Login keeps in a session, for the length of one request.

    `_user_id` is the secret of a signed-in browser; `form` that of one which only fills in a form.
    """

    was = ""  # the secret that came
    form = ""
    is_new_form = False
    is_read = False  # nothing may be kept of what depends on it


class Cookies(SessionInterface):
    """Reads and writes the two cookies; each is for this host alone, and for no script."""

    def open_session(self, app: Flask, request: Request) -> Held:
        """What the browser sent; nothing is looked up yet."""
        held = Held()
        if request.path != ROOT and not request.path.startswith(f"{ROOT}/"):
            return held
        text = request.cookies.get(_named(app, _SESSION), "")
        if people.read_secret(text) is not None:
            held["_user_id"] = held.was = text
        form = request.cookies.get(_named(app, _FORM), "")
        held.form = form if len(form) == 4 * _FORM_BYTES // 3 and form.isascii() else ""
        return held

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Let the browser hold what is new, and forget what has ended."""
        if not isinstance(session, Held):
            return
        now = str(session.get("_user_id", ""))
        if now != session.was:
            if now:
                self._set(app, response, _SESSION, now)
            else:
                response.delete_cookie(_named(app, _SESSION), **_flags(app))
        if session.is_new_form:
            self._set(app, response, _FORM, session.form)

    def _set(self, app: Flask, response: Response, name: str, value: str) -> None:
        response.set_cookie(_named(app, name), value, **_flags(app))


def keep_round(app: Flask, answer: Response, sealed: str) -> None:
    """Let the browser hold a round of single sign-on, until it comes back.

    Unlike the session it comes along when another site sends the browser here (RFC 6265bis "Lax"):
    that is how a round ends.
    """
    flags = {**_flags(app), "samesite": "Lax"}
    answer.set_cookie(_named(app, _ROUND), sealed, max_age=600, **flags)


def kept_round(app: Flask, request: Request) -> str:
    """The round that came along, or nothing."""
    return request.cookies.get(_named(app, _ROUND), "")


def drop_round(app: Flask, answer: Response) -> None:
    """Let the browser forget a round: it is over."""
    answer.delete_cookie(_named(app, _ROUND), **{**_flags(app), "samesite": "Lax"})


def form_token(held: Held) -> str:
    """What a form carries, so that only our own page can have made it."""
    if not held.was and not held.form:
        held.form, held.is_new_form = secrets.token_urlsafe(_FORM_BYTES), True
    return _token(held.was or held.form)


def holds(held: Held, sent: str) -> bool:
    """Whether a form's token is the one that this browser was given."""
    secret = held.was or held.form
    return bool(secret) and hmac.compare_digest(_token(secret).encode(), sent.encode())


def _token(secret: str) -> str:
    digest = hmac.digest(secret.encode(), b"form|v1", "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _is_secure(app: Flask) -> bool:
    return str(app.extensions["gateway"].settings.base_url).startswith("https:")


def _named(app: Flask, name: str) -> str:
    return f"__Host-{name}" if _is_secure(app) else name


def _flags(app: Flask) -> dict[str, Any]:
    return {"secure": _is_secure(app), "httponly": True, "samesite": "Strict", "path": "/"}
