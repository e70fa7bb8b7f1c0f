"""Owns what the role of the service must not be: one that the second wall does not bind."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Engine,
    and_,
    bindparam,
    column,
    func,
    not_,
    or_,
    select,
    table,
)

from gateway.store.wall import Act
from gateway.store.walls import WALLS

_ROLE = table(
    "pg_roles",
    column("rolname"),
    column("rolsuper"),
    column("rolbypassrls"),
    column("rolcreaterole"),  # may make itself a member of any role, such as the owner
)
_TABLE = table(
    "pg_class",
    column("oid"),
    column("relname"),
    column("relkind"),
    column("relowner"),
    column("relnamespace"),
    column("relrowsecurity"),
    column("relforcerowsecurity"),
)
_SPACE = table("pg_namespace", column("oid"), column("nspname"), column("nspowner"))
_IS_TABLE = _TABLE.c.relkind.in_(("r", "p"))

_IS_STRONG = select(or_(_ROLE.c.rolsuper, _ROLE.c.rolbypassrls, _ROLE.c.rolcreaterole)).where(
    _ROLE.c.rolname == func.current_user()
)
# Whoever may become the owner is the owner.
_OWNED = (
    select(func.count())
    .select_from(_TABLE.join(_SPACE, _SPACE.c.oid == _TABLE.c.relnamespace))
    .where(
        _IS_TABLE,
        not_(_SPACE.c.nspname.like(r"pg\_%")),
        _SPACE.c.nspname != "information_schema",
        func.pg_has_role(_TABLE.c.relowner, "MEMBER"),
    )
)
# Whoever owns the schema, or the database, drops what others made there.
_OWNED_SPACE = (
    select(func.count())
    .select_from(_SPACE)
    .where(_SPACE.c.nspname == func.current_schema(), func.pg_has_role(_SPACE.c.nspowner, "MEMBER"))
)
_WALLED = (
    select(func.count())
    .select_from(_TABLE.join(_SPACE, _SPACE.c.oid == _TABLE.c.relnamespace))
    .where(
        _IS_TABLE,
        _SPACE.c.nspname == func.current_schema(),
        _TABLE.c.relname.in_(bindparam("names", expanding=True)),
        and_(_TABLE.c.relrowsecurity, _TABLE.c.relforcerowsecurity),
    )
)


def _may(act: str) -> ColumnElement[bool]:
    """May do this with a table as a whole, or with some of its columns."""
    of_columns = act in ("SELECT", "INSERT", "UPDATE")
    asked = func.has_any_column_privilege if of_columns else func.has_table_privilege
    may: ColumnElement[bool] = asked(_TABLE.c.oid, act)
    return may


_OVERSTEPPED = (
    select(func.count())
    .select_from(_TABLE.join(_SPACE, _SPACE.c.oid == _TABLE.c.relnamespace))
    .where(
        _SPACE.c.nspname == func.current_schema(),
        _TABLE.c.relname.in_(sorted(WALLS)),
        or_(
            _may("TRUNCATE"),
            *(
                and_(
                    _may(act),
                    _TABLE.c.relname.in_([n for n, wall in WALLS.items() if act not in wall.acts]),
                )
                for act in Act
            ),
        ),
    )
)


def find_fault(engine: Engine) -> str | None:
    """What is wrong with the role that opens this database; None on SQLite, which has no roles."""
    if engine.dialect.name == "sqlite":
        return None
    with engine.connect() as connection:
        if connection.execute(_IS_STRONG).scalar_one():
            return (
                "The service's database role is too strong: it is no superuser, makes no roles and"
                " has no BYPASSRLS."
            )
        if any(connection.execute(owned).scalar_one() for owned in (_OWNED, _OWNED_SPACE)):
            return "The service's database role owns tables; see docs/operate.md."
        if connection.execute(_WALLED, {"names": list(WALLS)}).scalar_one() != len(WALLS):
            return "The second wall is not up; run `gateway db upgrade`."
        if connection.execute(_OVERSTEPPED).scalar_one():
            return (
                "The service's database role may do more than the wall says; see docs/operate.md."
            )
    return None
