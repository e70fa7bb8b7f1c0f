"""The entry point `gateway`: builds settings, database and keys, and hands them to the commands."""

from __future__ import annotations

import click

from gateway.api import openapi
from gateway.cli.agency import agency
from gateway.cli.conference import conference
from gateway.cli.db import db
from gateway.cli.keys import keys
from gateway.cli.log import log
from gateway.cli.office import Office, failing_plainly
from gateway.cli.pages import docs
from gateway.cli.serve import serve
from gateway.cli.worker_id import worker_id
from gateway.config import Settings
from gateway.demo.command import demo
from gateway.sealing import keys as own_keys
from gateway.store.engine import make_engine, make_sessions


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """MARAC gateway: refer, route, disclose on need to know, and prove it."""
    match context.invoked_subcommand:
        case "demo":  # makes settings of its own
            return
        case "docs":  # reads no settings
            context.obj = openapi.openapi_page
        case _:
            with failing_plainly():
                settings = Settings.from_env()
            context.obj = Office(
                settings,
                lambda: make_sessions(make_engine(settings.database_url)),
                lambda: own_keys.load(settings.keys),
            )


for command in (agency, worker_id, keys, log, db, serve, conference, docs, demo):
    main.add_command(command)
