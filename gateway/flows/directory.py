"""Owns the directory: which partners there are, and the keys to seal to."""

from __future__ import annotations

from gateway.agencies.directory import Listing, listings
from gateway.ledger import Work


def list_agencies(work: Work) -> tuple[Listing, ...]:
    """Every registered agency with its kind, area, custody and valid encryption keys."""
    work.count("directory.read")
    return listings(work.session, work.now)
