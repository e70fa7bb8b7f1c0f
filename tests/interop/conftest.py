"""A running service for clients that are not ours."""

from tests.interop.served import any_place, place, postgres_place

__all__ = ["any_place", "place", "postgres_place"]
