"""Owns what a session is: for a type checker SQLAlchemy's, at run time nothing of it.

Only its transaction is used (ADR 45). The module that it comes from brings the half of SQLAlchemy
that makes objects of rows: nobody uses that here, and every process would load and keep it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker
else:

    class Session:
        """What `gateway.store.session` makes; functions that take one use no more than it has."""

    class sessionmaker:  # noqa: N801  (SQLAlchemy's name for it)
        """Makes sessions of one class on one engine."""

        def __init__(self, bind: Any, *, class_: type[Session]) -> None:
            self.kw = {"bind": bind}
            self.class_ = class_

        def __class_getitem__(cls, _kind: object) -> type[sessionmaker]:
            return cls

        def __call__(self) -> Session:
            """Return a session that has not begun."""
            return self.class_(self.kw["bind"])


__all__ = ["Session", "sessionmaker"]
