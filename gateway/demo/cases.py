"""Owns the forms that the demonstration derives from the worked examples."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from gateway.demo.forms import Form, Forms, changed, recast

MONTH = timedelta(days=30)
FOUR_MONTHS = timedelta(days=122)  # from the hearing to the day the example is seen
THIRTEEN_MONTHS = timedelta(days=396)
FROM_REFERRAL_TO_HEARING = timedelta(days=6)

_C1 = ("Elena", "Marsh-Okoro", "Dale", "Isla", "Rory")
_C2 = ("Safiya", "Renn", "Idris", "Kamal")
_C5 = ("Keira", "Dunmore", "Tyler", "Brandt")


def _named(old: tuple[str, ...], *new: str) -> Mapping[str, str]:
    return dict(zip(old, new, strict=True))


# --- variants of C1 to C5 -----------------------------------------------------------------------


def harm_to_children(forms: Forms) -> Form:
    """C1 where significant harm to a child is recorded."""
    form = recast(forms.load("c1"), _named(_C1, "Maya", "Trevanion", "Gareth", "Nessa", "Iwan"), 11)
    return changed(form, children_concern="SIGNIFICANT_HARM")


def child_protection_plan(forms: Forms) -> Form:
    """C1 where a child has a protection plan, whatever the concern is called."""
    form = recast(
        forms.load("c1"), _named(_C1, "Alice", "Quennell", "Robert", "Hetty", "Oscar"), 12
    )
    children = form["document"]["children"]
    return changed(form, children=[{**children[0], "csc_status": "CP"}, *children[1:]])


def flight_today(forms: Forms) -> Form:
    """C2 where the abduction is under way: life is in danger now."""
    form = recast(forms.load("c2"), _named(_C2, "Nadira", "Sabzwari", "Yusuf", "Imran"), 13)
    return changed(form, referral__danger="IMMINENT_LIFE")


def accused(forms: Forms) -> Form:
    """C4 the other way round: the same two people, each in the other's place."""
    form, turned = forms.load("c4"), forms.load("c4")
    his, theirs = form["document"], turned["document"]
    victim, other = his["victim"], his["perpetrators"][0]
    for name in ("given_names", "family_name"):
        theirs["victim"][name] = other[name]
        theirs["perpetrators"][0][name] = victim[name]
    theirs["victim"]["dob"] = {"value": other["dob"]}
    theirs["perpetrators"][0]["dob"] = victim["dob"]["value"]
    theirs["victim"]["spelling_variants"] = []
    theirs["victim"].pop("nhs_number", None)
    theirs["referrer"]["case_ref"] = "HH-1"
    return turned


def a_position(form: Form, position: str) -> dict[str, Any]:
    """The victim's position of a form, learned anew a day later."""
    record = form["document"]["consent_record"]
    day = record["recorded_at"][:10]
    kept = {name: record[name] for name in ("capacity", "coercion_concern", "by_whom", "how")}
    return {
        **kept,
        "position": position,
        "recorded_at": record["recorded_at"],
        "scope": [],
        "conditions": [],
        **({"withdrawn_on": day} if position == "WITHDRAWN" else {}),
    }


# --- earlier history ----------------------------------------------------------------------------


def before_the_move(forms: Forms) -> Form:
    """C3 as it was referred in Fenhollow, four months before: at home, after the assault."""
    form = forms.load("c3")
    document = form["document"]
    old = document["victim"]["previous_addresses"][0]
    form["sealed"] = {"safe_contact": form["sealed"]["safe_contact"]}
    address = {name: old[name] for name in ("lines", "town", "postcode")}
    document["victim"] |= {
        "address_classification": "KNOWN_TO_PERP",
        "address": {"value": address},
        "previous_addresses": [],
    }
    document["incidents"] = document["incidents"][1:]
    document["orders"] = document["orders"][:1]
    document["perpetrators"][0]["custody"] = {"status": "REMANDED"}
    return changed(
        form,
        referral__criteria=["PROFESSIONAL_JUDGEMENT"],
        referral__previous_marac={"value": {"heard": False}},
        referral__area="FENHOLLOW",
    )


def _back_again(forms: Forms, *, days_ago: timedelta) -> Form:
    form = forms.load("c1", on=forms.on - days_ago)
    names = _named(_C1, "Petra", "Holloway", "Simon", "Edith", "Felix")
    return recast(form, names, 14)


def heard_long_ago(forms: Forms) -> Form:
    """N3 as it was referred thirteen months before."""
    return _back_again(forms, days_ago=THIRTEEN_MONTHS + FROM_REFERRAL_TO_HEARING)


def heard_last_time(forms: Forms, on: date) -> Form:
    """A case of the conference before."""
    form = forms.load("c1", on=on)
    return recast(form, _named(_C1, "Ruth", "Penhallow", "Colin", "Daisy", "Jack"), 31)


def while_nobody_looked(forms: Forms) -> tuple[Form, Form]:
    """Two of high risk that came while nobody looked."""
    return (
        recast(forms.load("c1"), _named(_C1, "Fiona", "Garrick", "Leonard", "Poppy", "Noah"), 32),
        recast(forms.load("c1"), _named(_C1, "Yvonne", "Massey", "Trevor", "Ivy", "Ralph"), 33),
    )


# --- negative fixtures --------------------------------------------------------------------------


def standard_risk(forms: Forms) -> Form:
    """N1: few answers are yes, nobody agreed, nobody else is in danger."""
    form = recast(forms.load("c1"), _named(_C1, "Joan", "Pickering", "Alan", "Lily", "George"), 21)
    return changed(
        _answered(form, yes=3, judged="STANDARD"),
        victim__position="WITHHELD",
        referral__danger="NONE",
        children_concern="NONE",
        incidents=form["document"]["incidents"][1:3],
    )


def fifteen(forms: Forms) -> Form:
    """N2: the victim of C5, two years younger, and not in danger of life today."""
    form = recast(forms.load("c5"), _named(_C5, "Bryony", "Castell", "Marcus", "Devane"), 22)
    form["document"]["referral"].pop("needs", None)
    born = forms.on - timedelta(days=15 * 365 + 200)
    return changed(form, victim__dob={"value": born.isoformat()}, referral__danger="SERIOUS")


def back_after_long(forms: Forms) -> Form:
    """N3: the same people as `heard_long_ago`, thirteen months after the conference."""
    form = _back_again(forms, days_ago=timedelta())
    now, then = form["document"], heard_long_ago(forms)["document"]
    now["victim"]["dob"] = then["victim"]["dob"]
    now["perpetrators"][0]["dob"] = then["perpetrators"][0]["dob"]
    heard_on = (forms.on - THIRTEEN_MONTHS).isoformat()
    hearing = {"area": "MARLBURY", "heard_on": heard_on}
    return changed(
        form,
        referral__previous_marac={"value": {"heard": True, "hearings": [hearing]}},
        incidents=now["incidents"][:2],
    )


def judged_standard(forms: Forms) -> Form:
    """N4: twenty answers are yes, and the professional calls it standard."""
    form = recast(forms.load("c1"), _named(_C1, "Rosa", "Bellamy", "Keith", "Emily", "Arthur"), 24)
    return _answered(form, yes=20, judged="STANDARD")


def from_two_sides(forms: Forms) -> tuple[Form, Form]:
    """N6: the same people, referred by a landlord and by a hospital in one cycle."""
    names = _named(_C1, "Helen", "Ravensdale", "Victor", "Clara", "Louis")
    first = recast(forms.load("c1"), names, 26)
    return first, changed(first, referrer=forms.load("c5")["document"]["referrer"])


def taken_on_elsewhere(forms: Forms) -> Form:
    """N7: referred on a day on which the area's own adviser's service does not take cases."""
    names = _named(_C1, "Nora", "Whitcombe", "Gerald", "Edie", "Hugo")
    return recast(forms.load("c1"), names, 28)


def _answered(form: Form, *, yes: int, judged: str) -> Form:
    """Answer the first `yes` items of the first instrument with yes, all others with no."""
    (assessment, *others) = form["document"]["risk_assessments"]["value"]
    answers = [
        {**each, "value": "YES" if place < yes else "NO"}
        for place, each in enumerate(assessment["answers"])
    ]
    filled = {**assessment, "answers": answers, "level_professional": judged}
    return changed(form, risk_assessments={"value": [filled, *others]})
