"""Owns what every table shares: the metadata, how constraints are named, two columns."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

from gateway.store.types import Id, Slug

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# BIGINT has no implicit rowid on SQLite, so an autoincrementing key needs INTEGER there.
Serial = BigInteger().with_variant(Integer(), "sqlite")


def case_id(**kwargs: object) -> Column[str]:
    return Column("case_id", Id, ForeignKey("case.id"), nullable=False, **kwargs)  # type: ignore[arg-type]


def agency_id(**kwargs: object) -> Column[str]:
    return Column("agency_id", Slug, ForeignKey("agency.id"), nullable=False, **kwargs)  # type: ignore[arg-type]
