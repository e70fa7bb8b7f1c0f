"""Owns how a view of the API reaches what the service holds."""

from __future__ import annotations

from typing import cast

from flask import current_app

from gateway.house import House

__all__ = ["House", "house"]


def house() -> House:
    """The house of the current application."""
    return cast(House, current_app.extensions["gateway"])
