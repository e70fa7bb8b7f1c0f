"""Owns Flask-Login's part: who is signed in is looked up once for each request, and never kept."""

from __future__ import annotations

from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from gateway.agencies import people
from gateway.agencies.people import SignedIn
from gateway.desk.cookies import Cookies
from gateway.desk.place import house


class User(UserMixin):  # type: ignore[misc]
    """A person at this browser."""

    def __init__(self, secret: str, signed_in: SignedIn) -> None:
        self.id, self.signed_in = secret, signed_in


def attach(app: Flask) -> None:
    """Let an application know who is signed in.

    Not by Flask-Login's own `init_app`: that answers a cookie of its own, of which we have none.
    """
    manager = LoginManager()
    manager.session_protection = None  # the session is a random secret and lies in the database
    manager.user_loader(_load)
    app.login_manager = manager  # type: ignore[attr-defined]
    app.config["REMEMBER_COOKIE_NAME"] = ";"  # no cookie can have this name
    app.session_interface = Cookies()


def signed_in() -> SignedIn | None:
    """Who is signed in at the browser that asks."""
    return current_user.signed_in if current_user.is_authenticated else None


def begin(secret: str) -> None:
    """Let the browser hold a new session in the place of any other.

    :raises LookupError: if there is no such session.
    """
    user = _load(secret)
    if user is None or not login_user(user):
        raise LookupError("a session that was not kept")


def end() -> None:
    """Let the browser forget its session."""
    logout_user()


def _load(secret: str) -> User | None:
    held = people.read_secret(secret)
    here = house()
    found = people.standing(here.sessions, held, here.clock()) if held else None
    if found is None or found.person.refused is not None:
        return None
    return User(secret, found)
