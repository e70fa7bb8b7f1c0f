"""Owns which questions stand on which page, in the order in which a caller tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.schemas.codes import AddressClass, ReturnReason
from gateway.schemas.contact import ProtectedAddress, SafeContact
from gateway.schemas.parts import Form
from gateway.schemas.people import Victim
from gateway.schemas.places import PROTECTED
from gateway.schemas.reason import Reason, Referrer
from gateway.schemas.referral import Referral
from gateway.schemas.risk import Assessment

REFERRAL = Referral()
SAFE_CONTACT, PROTECTED_ADDRESS = SafeContact(), ProtectedAddress()
CONTACT, ADDRESS = "/sealed/safe_contact", "/sealed/protected_address"
ASSESSMENT = "/risk_assessments/value/0"
_VICTIM, _REASON, _ASSESSMENT = Victim(), Reason(), Assessment()


@dataclass(frozen=True, slots=True)
class Block:
    """Some fields of one part of the form, under a heading."""

    title: str
    form: Form
    at: str
    names: Sequence[str] = ()  # empty: all of it


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its name in the address, its title, its blocks."""

    name: str
    title: str
    blocks: Sequence[Block]


def _victim(title: str, *names: str) -> Block:
    return Block(title, _VICTIM, "/victim", names)


def _top(title: str, *names: str) -> Block:
    return Block(title, REFERRAL, "", names)


PAGES: Sequence[Page] = (
    Page(
        "why",
        "Who refers, and why",
        (
            Block("Who refers", Referrer(), "/referrer"),
            Block("Why it is referred", _REASON, "/referral"),
        ),
    ),
    Page(
        "her",
        "Who she is",
        (
            _victim(
                "Name and birth",
                "given_names",
                "family_name",
                "dob",
                "dob_precision",
                "aliases",
                "former_names",
                "spelling_variants",
                "nhs_number",
            ),
            _victim(
                "Where she lives",
                "address_classification",
                "address",
                "tenure",
                "tenancy_type",
                "landlord",
                "previous_addresses",
            ),
            _victim(
                "About her",
                "sex",
                "gender_identity",
                "pronouns",
                "ethnicity",
                "language",
                "interpreter_required",
                "interpreter_notes",
                "interpreter_exclusions",
                "comm_needs",
            ),
            _victim(
                "Health and needs",
                "disability",
                "pregnant",
                "baby_under_18m",
                "care_support_needs",
                "mental_health",
                "substance_use",
                "self_harm_suicide",
            ),
        ),
    ),
    Page("harm", "Who causes harm", (_top("", "perpetrators"),)),
    Page(
        "children",
        "Children and household",
        (_top("", "children", "children_concern", "household"),),
    ),
    Page("incidents", "What happened", (_top("", "incidents", "actions_taken"),)),
    Page(
        "wishes",
        "What she wants",
        (
            _victim(
                "In her own words",
                "aware_of_referral",
                "wishes",
                "greatest_fear",
                "afraid_of",
                "safe_to_talk_to",
                "not_safe_to_talk_to",
            ),
            _victim("Sharing", "position"),
            _top("", "consent_record"),
        ),
    ),
    Page(
        "risk",
        "Risk assessment",
        (Block("The assessment", _ASSESSMENT, ASSESSMENT),),
    ),
    Page(
        "rest",
        "Who must not see it, and the rest",
        (
            _top("", "conflict_check", "must_not_receive", "orders", "staff_safety"),
            _victim("More about her", *(n for n in (
                "extra_dobs", "religion", "sexual_orientation", "immigration_status", "nrpf",
                "gp_practice", "health_visitor", "midwife", "occupation", "employer",
                "armed_forces_link", "student", "care_leaver", "offending", "finances",
            ))),
            _top("Only if it is shared without her agreement", "override_record"),
        ),
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Page] = {page.name: page for page in PAGES}
SEND = "send"
TITLES = {**{page.name: page.title for page in PAGES}, SEND: "Safe contact, and send"}
_R = ReturnReason
# On which page each reason is mended, and at which field.
PLACES: Mapping[ReturnReason, tuple[str, str]] = {
    _R.MISSING_DOB_OR_NAME: ("her", "/victim/dob/value"),
    _R.MISSING_PERP: ("harm", "/perpetrators/0/family_name"),
    _R.NO_RATIONALE: ("why", "/referral/rationale"),
    _R.NO_RISK_ASSESSMENT: ("risk", ""),
    _R.CRITERIA_NOT_EVIDENCED: ("why", "/referral/criteria"),
    _R.NO_SAFE_CONTACT: (SEND, ""),
    _R.CHILD_DETAILS_MISSING: ("children", ""),
    _R.CONSENT_RECORD_INCOMPLETE: ("wishes", ""),
    _R.WRONG_AREA: ("why", "/referral/area"),
    _R.DUPLICATE: ("why", "/referral/rationale"),
    _R.UNDER_AGE: ("her", "/victim/dob/value"),
    _R.NOT_DOMESTIC_ABUSE: ("incidents", ""),
    _R.QUALITY_OTHER: ("why", "/referral/rationale"),
}


def after(name: str) -> str:
    """The page that follows; the last leads to the one that sends."""
    names = [page.name for page in PAGES]
    place = names.index(name) + 1
    return names[place] if place < len(names) else SEND


def is_hidden(classification: str) -> bool:
    """Whether her address is typed on the last page and sealed."""
    return classification in [str(each) for each in PROTECTED]


KNOWN = [str(each) for each in AddressClass]
