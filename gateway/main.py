"""The entry point `gateway`: builds settings, database and keys, and hands them to the commands."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError

from gateway import host
from gateway.api import openapi
from gateway.cli.agency import agency
from gateway.cli.case import case
from gateway.cli.conference import conference
from gateway.cli.db import db
from gateway.cli.importing import take_over
from gateway.cli.log import log
from gateway.cli.office import Office, failing_plainly
from gateway.cli.operator import operator
from gateway.cli.pages import docs
from gateway.cli.profiles import profiles
from gateway.cli.recovery import keys
from gateway.cli.serve import serve
from gateway.cli.worker import worker
from gateway.cli.worker_id import worker_id
from gateway.config import Settings
from gateway.demo.command import demo
from gateway.errors import GatewayError
from gateway.sealing import keys as own_keys
from gateway.store.engine import make_engine, make_sessions

HELP_ASKED = {"-h", "--help"}
HELP = {"help_option_names": ["-h", "--help"]}


def main() -> None:
    """Run one command; whatever is expected to go wrong ends it with one line and exit code 1."""
    try:
        commands()
    except GatewayError as error:
        fault = error.message or error.code
    except ModuleNotFoundError as error:
        fault = f"{error.name} is not installed; PostgreSQL needs the extra `postgres`."
    except (OSError, SQLAlchemyError) as error:
        fault = f"{type(error).__name__}: is the path there, and the database up to date?"
    click.echo(f"Error: {fault}", err=True)
    sys.exit(1)


@click.group("gateway", context_settings=HELP)
@click.pass_context
def commands(context: click.Context) -> None:
    """MARAC gateway: refer, route, disclose on need to know, and prove it."""
    if HELP_ASKED & set(sys.argv):  # help needs no settings
        return
    match context.invoked_subcommand:
        case "demo":  # makes settings of its own
            return
        case "profiles":  # judges tables, reads no settings
            return
        case "docs":  # reads no settings
            context.obj = openapi.openapi_page
        case _:
            host.close()
            with failing_plainly():
                settings = Settings.from_env()
                host.check(settings)
            context.obj = Office(
                settings,
                lambda: make_sessions(make_engine(settings.database_url)),
                lambda: own_keys.load(settings.keys, settings.token, now=datetime.now(UTC)),
            )


COMMANDS = (
    agency,
    operator,
    worker_id,
    keys,
    take_over,
    case,
    log,
    db,
    serve,
    worker,
    conference,
    profiles,
    docs,
    demo,
)
for command in COMMANDS:
    commands.add_command(command)

if __name__ == "__main__":  # `python -m gateway.main` is the same as `gateway`
    main()
