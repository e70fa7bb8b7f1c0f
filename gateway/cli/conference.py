"""Owns `gateway conference`: an agenda that the operator makes and one agency can read."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.agencies import directory
from gateway.cli.office import Office, failing_plainly
from gateway.errors import NotFound
from gateway.flows import conferences
from gateway.ledger import OPERATOR, begin, reading_registry
from gateway.papers import agenda as papers
from gateway.profiles.loader import Profiles
from gateway.rules.facts import Caller
from gateway.schemas.codes import Purpose


@click.group("conference")
def conference() -> None:
    """Conferences."""


@conference.command("agenda")
@click.argument("conference_id", metavar="CONFERENCE")
@click.option("--for", "agency_id", required=True, help="The attending agency it is for.")
@click.option("--format", "kind", type=click.Choice(["json", "html", "pdf", "docx"]), default="pdf")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("agenda.jose"),
    show_default=True,
    help="Where the sealed agenda goes; the agency opens it with `gateway-client open`.",
)
@click.pass_obj
def agenda(office: Office, conference_id: str, agency_id: str, kind: str, out: Path) -> None:
    """Make the agenda of CONFERENCE for one attending agency, sealed to its key.

    The operator cannot read it; the log says that the operator made it.
    """
    now = office.clock()
    with failing_plainly():
        with reading_registry(office.sessions) as session:
            found = directory.standing(session).get(agency_id)
        if found is None:
            raise NotFound("There is no such agency.")
        caller = Caller(agency_id, found.kind, found.area, worker_id=OPERATOR.agency_id)
        profiles = Profiles.load(office.settings.profiles)
        with begin(office.sessions, office.keys, caller, now, profiles=profiles) as work:
            made, entry = conferences.build_agenda(
                work, conference_id, Purpose.P9, has_research=papers.shows_research(kind)
            )
            sealed = conferences.seal_agenda(
                work,
                papers.render(made, kind, made.labels),
                entry,
                Purpose.P9,
                issuer=office.settings.base_url,
                about=made.about,
                told=made.told,
            )
        out.write_text(sealed.body, encoding="ascii")
    print(f"{out}: sealed for {agency_id}")
