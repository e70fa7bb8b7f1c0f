"""Owns the five cases of the demonstration, C1 to C5, as they are played over HTTP."""

from __future__ import annotations

from copy import deepcopy

from gateway.demo import cases, observe, walls, world
from gateway.demo.forms import Form
from gateway.demo.play import (
    COORDINATOR,
    COORDINATOR_PURPOSE,
    IDVA_PURPOSE,
    LANDLORD_PURPOSE,
    Stage,
)
from gateway.rules.leaks import HELD

IDVA, BY_AND_FOR = "marlbury-idva", "aster-women"
LANDLORD, OTHER_LANDLORD = "harbourgate-homes", "tidewell-housing"
GP, COLLEGE, POLICE, ASC = "marlbury-gp", "marlbury-college", "marlbury-police", "marlbury-asc"
HOSPITAL, FENHOLLOW_IDVA = "marlbury-hospital", "fenhollow-idva"
WHERE_SHE_IS = ("protected_address", "safe_contact", "address_class")


def c1(stage: Stage) -> None:
    """A landlord refers, on agreement; her surgery must not know."""
    stage.show.case(
        "C1",
        "from repairs to a referral",
        "A repairs operative saw a hole in a bedroom door. The landlord's officer spoke to Elena "
        "at the nursery. She agrees to share, but not with her surgery.",
    )
    reference = stage.refer("c1", LANDLORD, stage.forms.load("c1"))
    stage.told("c1", reference)
    stage.triage("c1", reference)
    contact = stage.take_on("c1", reference, IDVA).reveal()["safe_contact"]
    stage.note("c1", {"windows": observe.windows(contact)})
    stage.note("c1", observe.said(contact, ("safe_to_leave_voicemail",)))
    stage.list_case("c1", reference)
    stage.views("c1", reference, IDVA, LANDLORD)
    stage.agendas("c1", reference)
    explained = stage.agency(COORDINATOR).explain(reference, GP, IDVA_PURPOSE)
    pull = observe.answer(lambda: stage.agency(GP).pull(reference, IDVA_PURPOSE))
    stage.note("c1", {"gp_pull": pull, "gp_explained": explained["outcome"]})
    stage.show.step("The surgery asks for the case by its reference, and the coordinator asks why.")
    stage.show.fact("surgery", f"{pull}, as if there were none")
    stage.show.fact("explain", f"{explained['outcome']}: {explained['because']}")
    _same_form_twice(stage)


def _same_form_twice(stage: Stage) -> None:
    """Send the form again for other people, with harm to a child recorded in two ways."""
    stage.show.step("The same form about others, with significant harm to a child recorded:")
    stage.refer("c1-harm", LANDLORD, cases.harm_to_children(stage.forms))
    stage.show.step("And once more, where a child has a protection plan:")
    stage.refer("c1-plan", LANDLORD, cases.child_protection_plan(stage.forms))


def c2(stage: Stage) -> None:
    """A college refers without agreement: honour-based abuse, a brother at the council."""
    stage.show.case(
        "C2",
        "a flight in ten days",
        "A tutor refers on professional judgement. Safiya was not asked: it was not safe. Her "
        "brother works in the council's housing options.",
    )
    reference = stage.refer("c2", COLLEGE, stage.forms.load("c2"))
    stage.told("c2", reference)
    stage.triage("c2", reference)
    pulled = stage.take_on("c2", reference, BY_AND_FOR)
    contact = pulled.reveal()["safe_contact"]
    stage.note("c2", observe.said(contact, ("safe_to_leave_voicemail", "safe_for_letter")))
    victim = observe.section(pulled, "language").get("victim", {})
    stage.note("c2", {"interpreter_exclusions": len(victim.get("interpreter_exclusions", ()))})
    stage.show.fact("interpreter", "not: " + "; ".join(victim.get("interpreter_exclusions", ())))
    walls.substitute(stage, reference)
    stage.list_case("c2", reference)
    walls.kept_out(stage, reference)
    stage.views("c2", reference, BY_AND_FOR, OTHER_LANDLORD)
    stage.agendas("c2", reference)
    stage.show.step("The same about another, who is on her way to the airport now:")
    urgent = stage.refer("c2-now", COLLEGE, cases.flight_today(stage.forms))
    stage.told("c2-now", urgent)


def c3(stage: Stage) -> None:
    """A service elsewhere refers somebody who fled into this area's refuge."""
    stage.show.case(
        "C3",
        "she moved, and he is released in six days",
        "Fenhollow's adviser refers Joanne to Marlbury, where she lives in a refuge. She was "
        "heard in Fenhollow four months ago; now his sister sent her a message.",
    )
    form = stage.forms.load("c3")
    reference = stage.refer("c3", FENHOLLOW_IDVA, form)
    stage.told("c3", reference)
    links = stage.triage("c3", reference)["linked_to"]
    # Across areas the coordinator is told that there is one, and where to ask: not its reference.
    stage.note("c3", {"linked_area": links})
    stage.take_on("c3", reference, IDVA)
    stage.list_case("c3", reference)
    stage.views("c3", reference, IDVA, LANDLORD)
    papers = stage.agendas("c3", reference)
    hidden = form["sealed"]["protected_address"]
    words = [*hidden["address"]["lines"], hidden["address"]["postcode"]["value"], hidden["po_box"]]
    rows = []
    out = [(agency_id, str(line)) for agency_id, line in papers.items()]
    for agency_id, purpose in (
        (IDVA, IDVA_PURPOSE),
        (COORDINATOR, COORDINATOR_PURPOSE),
        (LANDLORD, LANDLORD_PURPOSE),
        (COLLEGE, "P3"),
        (GP, "P2"),
    ):
        pulled = stage.pulled(agency_id, reference, purpose)
        seen = observe.view(pulled, agency_id)
        found = [f"{name}: {seen[name]}" for name in WHERE_SHE_IS if name in seen]
        text = observe.text_of(pulled)
        out += [(agency_id, text)] if agency_id != IDVA else []  # she holds it, and may
        stage.note(
            "c3", {f"where.{agency_id}": found, f"words.{agency_id}": [w in text for w in words]}
        )
        rows.append(
            (
                agency_id,
                f"{sum(w in text for w in words)} of {len(words)}",
                ", ".join(found) or observe.NOTHING,
            )
        )
    stage.note("c3", {"scan": sorted({who for who, text in out if any(w in text for w in words)})})
    stage.show.step("Who sees where she lives (words of her address; sections):")
    stage.show.table(("agency", "words", "sections about it"), rows)
    _slip(stage, reference, form)


def _slip(stage: Stage, reference: str, form: Form) -> None:
    """Her former adviser names the refuge in open words: that paragraph is held, the rest goes."""
    stage.show.step("Fenhollow's adviser assesses her risk once more, and names the refuge in it:")
    name = str(form["sealed"]["protected_address"]["organisation"])
    assessment = deepcopy(form["document"]["risk_assessments"]["value"][0])
    assessment["answers"][0]["comment"] = "\n".join(
        ("He has asked her mother.", f"She has a room at {name} now.", "She fears the weekend.")
    )
    stage.agency(FENHOLLOW_IDVA).assess(reference, assessment)
    found = {}
    for agency_id, purpose in ((IDVA, IDVA_PURPOSE), (COORDINATOR, COORDINATOR_PURPOSE)):
        text = observe.text_of(stage.pulled(agency_id, reference, purpose))
        found[agency_id] = [name in text, HELD in text, "She fears the weekend." in text]
        says = "reads the name" if found[agency_id][0] else f"reads {HELD} in its place"
        stage.show.fact(world.name_of(agency_id), f"{says}, and the rest")
    pulled = stage.agency(COORDINATOR).pull(reference, COORDINATOR_PURPOSE)
    told = [f"{each['section']} {each['place']}" for each in pulled.document["triage"]["held"]]
    stage.show.fact("told where", ", ".join(told))
    holds = {f"hold.{agency_id}": said for agency_id, said in found.items()}
    stage.note("c3", {**holds, "hold.told": sorted(set(told))})


def c4(stage: Stage) -> None:
    """A landlord refers a disabled man against his wish; his carer is the danger."""
    stage.show.case(
        "C4",
        "his carer reported him",
        "Martin needs care and gets it from Neil alone. He does not agree to anything: he is "
        "afraid of a care home. The officer shares all the same, and writes down why.",
    )
    reference = stage.refer("c4", OTHER_LANDLORD, stage.forms.load("c4"))
    stage.told("c4", reference)
    stage.triage("c4", reference)
    stage.take_on("c4", reference, IDVA)
    pulled = stage.pulled(ASC, reference, "P4")
    stage.note("c4", {"asc_sees_before_listing": observe.view(pulled, ASC)})
    stage.list_case("c4", reference)
    stage.views("c4", reference, IDVA, OTHER_LANDLORD)
    stage.agendas("c4", reference)
    stage.show.step("The coordinator asks who would see his sexual orientation, and by which row:")
    rows, shown = [], {}
    for agency_id in (IDVA, POLICE, ASC, GP, LANDLORD):
        explained = stage.agency(COORDINATOR).explain(reference, agency_id, _purpose(agency_id))
        (row,) = [r for r in explained["sections"] if r["section"] == "orientation"] or [
            {"level": "NONE", "rule": explained["because"]}
        ]
        shown[agency_id] = f"{row['level']} by {row['rule']}"
        rows.append((agency_id, shown[agency_id]))
    stage.note("c4", {"orientation": shown})
    stage.show.table(("agency", "level and row"), rows)
    walls.two_sides(stage, reference, IDVA, LANDLORD)


def c5(stage: Stage) -> None:
    """A hospital refers a pregnant seventeen-year-old; life is in danger."""
    stage.show.case(
        "C5",
        "seventeen, pregnant, strangled last night",
        "A midwife refers Keira, who agrees today and may not tomorrow. He carries a knife, wears "
        "a tag, and follows her telephone.",
    )
    form = stage.forms.load("c5")
    reference = stage.refer("c5", HOSPITAL, form)
    stage.told("c5", reference)
    stage.triage("c5", reference)
    contact = stage.take_on("c5", reference, IDVA).reveal()["safe_contact"]
    monitored = [c for c in contact["channels"] if c["device_monitored_suspected"] == "YES"]
    stage.note("c5", {"text_to_monitored": [c["safe_to_text"] for c in monitored]})
    stage.show.step("The next day she no longer agrees; the hospital records it.")
    stage.agency(HOSPITAL).record_position(reference, cases.a_position(form, "WITHDRAWN"))
    stage.triage("c5-after", reference)
    stage.show.fact("now", f"{stage.observed['c5-after.rule']}")
    stage.show.fact("duties", ", ".join(stage.observed["c5-after.duties_now"]))
    stage.list_case("c5", reference)
    stage.views("c5", reference, IDVA, LANDLORD)
    stage.agendas("c5", reference)
    stage.observed["c5.reference"] = reference


def _purpose(agency_id: str) -> str:
    return {ASC: "P4", LANDLORD: LANDLORD_PURPOSE}.get(agency_id, IDVA_PURPOSE)


ALL = (c1, c2, c3, c4, c5)
