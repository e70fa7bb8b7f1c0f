"""Enrolments by two operators; keys with thumbprints that are unique, and with an end."""

from __future__ import annotations

import base64
import hashlib
import json

import sqlalchemy as sa
from alembic import op

import gateway.store.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = sa.table(
    "agency_key",
    sa.column("agency_id", sa.String),
    sa.column("kid", sa.String),
    sa.column("jwk", sa.JSON),
    sa.column("thumbprint", sa.String),
)
_MATERIAL = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "enrolment",
        sa.Column("id", sa.CHAR(length=36), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "REGISTER",
                "REKEY",
                name="enrolling",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agency_id", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("asked_proof", sa.Text(), nullable=False),
        sa.Column("expires_at", gateway.store.types.Utc(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", gateway.store.types.Utc(timezone=True), nullable=True),
        sa.Column("approved_proof", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
    )
    op.create_index(op.f("ix_enrolment_agency_id"), "enrolment", ["agency_id"])
    op.add_column("agency_key", sa.Column("thumbprint", sa.String(length=43), nullable=True))
    op.add_column("agency_key", sa.Column("ended_at", gateway.store.types.Utc(timezone=True)))
    op.add_column("agency_key", sa.Column("enrolment_id", sa.CHAR(length=36)))
    _fill()
    with op.batch_alter_table("agency_key") as batch:
        batch.alter_column("thumbprint", existing_type=sa.String(length=43), nullable=False)
        batch.create_unique_constraint(op.f("uq_agency_key_thumbprint"), ["thumbprint"])
        batch.create_foreign_key(
            op.f("fk_agency_key_enrolment_id"), "enrolment", ["enrolment_id"], ["id"]
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("agency_key") as batch:
        batch.drop_constraint(op.f("fk_agency_key_enrolment_id"), type_="foreignkey")
        batch.drop_constraint(op.f("uq_agency_key_thumbprint"), type_="unique")
        batch.drop_column("enrolment_id")
        batch.drop_column("ended_at")
        batch.drop_column("thumbprint")
    op.drop_index(op.f("ix_enrolment_agency_id"), table_name="enrolment")
    op.drop_table("enrolment")


def _fill() -> None:
    """Give every key its RFC 7638 thumbprint; two agencies with one key stop the migration."""
    connection = op.get_bind()
    seen: dict[str, str] = {}
    for agency_id, kid, jwk in connection.execute(
        sa.select(_KEY.c.agency_id, _KEY.c.kid, _KEY.c.jwk)
    ).all():
        thumbprint = _thumbprint(jwk)
        if thumbprint in seen:
            raise RuntimeError(f"{agency_id} and {seen[thumbprint]} have registered the same key")
        seen[thumbprint] = agency_id
        connection.execute(
            sa.update(_KEY)
            .where(_KEY.c.agency_id == agency_id, _KEY.c.kid == kid)
            .values(thumbprint=thumbprint)
        )


def _thumbprint(jwk: dict[str, str]) -> str:
    material = {name: jwk[name] for name in _MATERIAL[jwk["kty"]]}
    text = json.dumps(material, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
