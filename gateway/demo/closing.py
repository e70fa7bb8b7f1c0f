"""Owns what is shown when all cases are played: the finished agenda, and a birthday to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.demo import wire
from gateway.demo.play import COORDINATOR, COORDINATOR_PURPOSE, IDVA_PURPOSE, Stage
from gateway.demo.stories import IDVA


def whole_agenda(stage: Stage) -> None:
    """Show the finished agenda, in its order, as the coordinator has it."""
    stage.show.title("The finished agenda, as the coordinator has it")
    agenda = stage.agency(COORDINATOR).agenda(stage.conference)
    lines = agenda["cases"] if isinstance(agenda, dict) else []
    cases_of = {r.reference: name for name, r in stage.receipts.items()}
    order = [cases_of.get(line["reference"], "?") for line in lines]
    stage.note("agenda", {"order": order, "first": order[0], "first_because": lines[0]["because"]})
    rows = [
        (
            str(line["number"]),
            line["starts_at"][11:16],
            cases_of.get(line["reference"], "?"),
            line.get("label", "-"),
            line["kind"],
            line["level"],
            line["because"],
        )
        for line in lines
    ]
    stage.show.table(("no", "at", "case", "label", "kind", "level", "because"), rows)


def birthday(stage: Stage) -> None:
    """Look at C5 after her eighteenth birthday, in a copy of the database."""
    born = datetime.fromisoformat(stage.forms.load("c5")["document"]["victim"]["dob"]["value"])
    later = born.replace(year=born.year + 18, hour=12, tzinfo=UTC) + timedelta(days=1)
    reference = stage.observed["c5.reference"]
    stage.show.step(f"A copy of the database, on {later.date()}: she is eighteen since yesterday.")
    with stage.place.copied() as settings, wire.at(settings, stage.place.agencies, later) as then:
        pulled = then.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE).document
        idva = then.agency(IDVA).pull(reference, IDVA_PURPOSE).document
    found = {"at_18": f"{pulled['level']} {pulled['state']}", "idva_at_18": idva["level"]}
    stage.note("c5", found)
    stage.show.fact("still", f"{found['at_18']}, with the conference and the adviser")


ALL = (whole_agenda, birthday)
