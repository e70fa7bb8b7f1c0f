"""Builds the application: the only module that knows all others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from flask import Flask, Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway import host
from gateway.agencies.replay import Replay, address
from gateway.agencies.single_sign_on import Provider
from gateway.api import (
    actions,
    approvals,
    cases,
    conferences,
    consent,
    copies,
    directory,
    explaining,
    health,
    log,
    metadata,
    openapi,
    operations,
    problem,
    receipts,
    redactions,
    research,
    tiles,
    token,
    workers,
)
from gateway.api import referrals as api_referrals
from gateway.api import reports as api_reports
from gateway.config import Settings
from gateway.desk import (
    account,
    audit,
    colleagues,
    contact,
    declaring,
    flags,
    hearing,
    history,
    home,
    meetings,
    minutes,
    moving,
    own_meetings,
    own_referrals,
    packs,
    papers,
    plan,
    plans,
    problems,
    records,
    reports,
    room,
    sign_in,
    taking_over,
    triage,
    users,
    waits,
)
from gateway.desk import cases as desk_cases
from gateway.desk import provider as single_sign_on
from gateway.desk import research as desk_research
from gateway.desk.entering import drafts, files, mending, sending
from gateway.desk.guard import PUBLIC_ENDPOINTS as DESK_PUBLIC
from gateway.desk.guard import desk
from gateway.errors import Unavailable, UnsafeSettings
from gateway.flows.erasing import check_erased
from gateway.house import House
from gateway.ledger import (
    Pressure,
    Sequencer,
    check_epochs,
    check_head,
    reading_registry,
    sequence,
)
from gateway.profiles.loader import Profiles
from gateway.schemas.chance import SYSTEM, Chance
from gateway.sealing import erased, keys
from gateway.sealing.held import Held
from gateway.store import roles
from gateway.store.engine import make_engine, make_sessions
from gateway.store.sessions import Session, sessionmaker
from gateway.web import headers, reference

PAGES = (
    sign_in,
    single_sign_on,
    account,
    audit,
    colleagues,
    home,
    desk_cases,
    triage,
    waits,
    meetings,
    own_meetings,
    packs,
    papers,
    desk_research,
    declaring,
    room,
    hearing,
    history,
    records,
    contact,
    own_referrals,
    drafts,
    files,
    mending,
    sending,
    taking_over,
    minutes,
    moving,
    plan,
    plans,
    flags,
    reports,
    problems,
)

MAX_BODY = 4 * 1024 * 1024  # bytes; a referral of 2 MB is 1.8 times that on the wire

# Imported for their declarations: without its import a door does not exist.
DOORS = (
    api_referrals,
    cases,
    consent,
    receipts,
    redactions,
    approvals,
    explaining,
    copies,
    conferences,
    research,
    actions,
    api_reports,
    log,
    directory,
    workers,
)


def utcnow() -> datetime:
    """The clock of the doors."""
    return datetime.now(UTC)


def service() -> Flask:
    """The service as a process of its own, told by the environment, closed to everybody else.

    :raises UnsafeSettings: as `create_app` does.
    """
    host.close()
    return create_app()


def create_app(
    settings: Settings | None = None,
    *,
    sessions: sessionmaker[Session] | None = None,
    clock: Callable[[], datetime] = utcnow,
    chance: Chance = SYSTEM,
) -> Flask:
    """Build the service and prove that it is safe to start.

    Without `settings` they come from the environment; without `sessions` the database of the
    settings is opened.

    :raises UnsafeSettings: if settings, host, keys, rule tables or the head of the log do not
        hold, or the database holds what was erased.
    :raises Unavailable: if database, key provider or the store of used proofs do not answer.
    """
    host.hush()
    settings = settings or Settings.from_env()
    host.check(settings)
    now = clock()
    held = Held(settings.keys, settings.token)
    held.at(now)
    keys.check_provider(settings.keys, settings.provider, now)
    sessions = sessions or make_sessions(make_engine(settings.database_url))
    house = House(
        settings=settings,
        sessions=sessions,
        keys_at=held.at,
        profiles=Profiles.load(settings.profiles),
        replay=Replay.open(address(settings), now),
        clock=clock,
        pressure=Pressure(
            sessions, held.at, lines=settings.pending_lines, seconds=settings.pending_seconds
        ),
        sequencer=Sequencer(sessions, held.at, clock),
        chance=chance,
        provider=_provider(settings),
    )
    try:
        if settings.mode == "production":
            _refuse_strong_role(sessions.kw["bind"])
        check_head(sessions, house.keys)
        check_epochs(sessions, house.keys)
        with reading_registry(sessions) as session:
            check_erased(session, erased.read(settings.keys))
    except SQLAlchemyError:
        raise Unavailable("The database could not be used.") from None
    with suppress(Unavailable):  # a service that is up says what is wrong; a crash does not
        sequence(sessions, house.keys, now=now)  # so that even the first receipt has a checkpoint
    house.sessions.kw["bind"].dispose()  # no connection crosses a fork
    keys.release()
    app = Flask("gateway", static_folder=None, template_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        MAX_FORM_PARTS=20,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False  # a redirect would repeat whatever host was sent
    app.extensions["gateway"] = house
    problem.register(app)
    for blueprint in (
        token.oauth,
        metadata.metadata,
        openapi.published,
        health.health,
        tiles.tiles,
        operations.v1,
    ):
        app.register_blueprint(blueprint)
    app.register_blueprint(reference.web)
    app.register_blueprint(desk)
    users.attach(app)
    app.after_request(_harden)
    _refuse_open_routes(app)
    return app


def _provider(settings: Settings) -> Provider | None:
    if settings.sign_on is None:
        return None
    return Provider(settings.sign_on, settings.base_url + single_sign_on.ANSWER)


def _refuse_strong_role(engine: Engine) -> None:
    """Refuse to start as a role that the second wall does not bind."""
    fault = roles.find_fault(engine)
    if fault is not None:
        engine.dispose()
        raise UnsafeSettings(fault)


def _harden(response: Response) -> Response:
    return headers.harden(response)


def _refuse_open_routes(app: Flask) -> None:
    """Refuse to start with a route that declares no scope, no role and not that it is public."""
    doors = (metadata, openapi, health, tiles, reference)
    public = frozenset[str](DESK_PUBLIC).union(*(door.PUBLIC_ENDPOINTS for door in doors))
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        is_guarded = hasattr(view, "gateway_scope") or hasattr(view, "gateway_roles")
        if rule.endpoint not in public and not is_guarded:
            raise UnsafeSettings("A route declares no scope.")
