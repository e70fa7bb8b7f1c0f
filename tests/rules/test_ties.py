"""Keyed values of staff and of the people of a case: who meets whom, and who does not."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from gateway.rules.parties import Person, declared, employers_of, people_of
from gateway.schemas import forms
from gateway.sealing import ties
from tests.journeys.world import example

KEY = b"k" * 32
BORN = date(1999, 5, 17)


def meet(staff: Person, party: Person) -> bool:
    """Whether a worker is found to be somebody in a case, or close to one."""
    return bool(ties.tokens_of_staff(KEY, [staff]) & ties.tokens_of_case(KEY, [party]))


def renn(*, dob: date | None = None, years: tuple[int, ...] = (), given: str = "Kamal") -> Person:
    return Person((given, "Renn"), (dob,) if dob else (), frozenset(years))


KNOWN = {
    "the day": renn(dob=BORN),
    "the year": renn(years=(1999,)),
    "nothing": renn(),
}
OTHERWISE = {
    "the day": renn(dob=date(1970, 1, 2)),
    "the year": renn(years=(1970,)),
}


@pytest.mark.parametrize(("staff", "party"), list(product(KNOWN, repeat=2)))
def test_F65_one_name_meets_itself_whatever_is_known_of_the_birth(staff: str, party: str) -> None:
    assert meet(KNOWN[staff], KNOWN[party])


@pytest.mark.parametrize(("staff", "party"), list(product(OTHERWISE, KNOWN)))
def test_F65_a_namesake_born_otherwise_is_somebody_else(staff: str, party: str) -> None:
    """Unless of one of the two nothing is known of the birth: that protects."""
    assert meet(OTHERWISE[staff], KNOWN[party]) is (party == "nothing")
    assert meet(KNOWN[party], OTHERWISE[staff]) is (party == "nothing")


def test_F65_a_name_is_met_in_another_spelling_order_and_day() -> None:
    party = Person(("KÁMAL RENN",), (date(1999, 5, 7),))
    assert meet(Person(("renn", "kamal"), (date(1999, 7, 5),)), party)
    assert not meet(Person(("renn", "kamal"), (date(1999, 8, 5),)), party)


def test_F65_a_home_a_telephone_and_an_employer_are_met() -> None:
    home = (("", "XX1 4QT", "27 Curlew Rise"),)
    assert meet(Person(addresses=home), Person(addresses=(("", "xx14qt", "27, curlew rise"),)))
    assert not meet(Person(addresses=home), Person(addresses=(("", "XX1 4QT", "28 Curlew Rise"),)))
    assert meet(Person(addresses=(("99", "", ""),)), Person(addresses=(("99", "XX1 4QT", "1"),)))
    assert meet(Person(phones=("07700 900692",)), Person(phones=("+44 7700 900692",)))
    assert meet(
        Person(employers=("Swimming Club, Marlbury",)),
        Person(employers=("The Marlbury swimming club",)),
    )


def test_two_of_whom_nothing_is_known_have_nothing_in_common() -> None:
    assert not meet(Person(), Person())
    assert not meet(Person(("Renn",)), Person(("Renn",)))  # one name says too little


def test_values_of_staff_compare_with_no_other_index() -> None:
    from gateway.sealing.index import party_tokens

    form = {"given_names": "Kamal", "family_name": "Renn", "dob": "1999-05-17"}
    assert not party_tokens(KEY, form) & ties.tokens_of_case(KEY, [renn(dob=BORN)])
    assert not ties.tokens_of_case(b"x" * 32, [renn()]) & ties.tokens_of_case(KEY, [renn()])


@pytest.mark.parametrize(
    ("employer", "is_partner"),
    [
        ("Marlbury Council, housing options", True),
        ("Housing Options of Marlbury", True),
        ("Marlbury", False),  # one word says too little
        ("Marlbury Council, parking", False),
        ("", False),
    ],
)
def test_F65_an_employer_is_known_by_the_words_of_its_name(employer: str, is_partner: bool) -> None:
    assert ties.is_called(ties.words(employer), "Marlbury housing options") is is_partner


def test_F65_everybody_of_a_referral_is_compared() -> None:
    """Victim, perpetrators, children, household, and whom the conflict check names."""
    for name, count in (("c1", 0), ("c2", 0), ("c4", 0), ("minimal", 0)):
        document = forms.load("referral/1", example(name)["document"])
        found = people_of(document)
        perpetrators = len(document["perpetrators"])
        assert len(found) >= 1 + perpetrators + count
    names = {each.names for each in people_of(forms.load("referral/1", example("c2")["document"]))}
    assert ("Her mother",) in names
    assert ("Kamal Renn",) in names
    of_victim, of_perpetrators = employers_of(forms.load("referral/1", example("c2")["document"]))
    assert (of_victim, of_perpetrators) == ((), ("Marlbury Council, housing options",))


def test_F65_an_estimated_year_is_met_from_two_years_around() -> None:
    document = forms.load("referral/1", example("c2")["document"])
    father = next(each for each in people_of(document) if "Idris" in each.names)
    for year, is_met in ((1967, False), (1968, True), (1972, True), (1973, False)):
        assert meet(Person(("Idris", "Renn"), (date(year, 6, 1),)), father) is is_met


def test_F65_a_declaration_names_the_worker_and_whom_it_is_close_to() -> None:
    form = {
        "people": [
            {
                "closeness": "SELF",
                "given_names": "Ottilie",
                "family_name": "Quarrington",
                "dob": "1981-02-03",
                "dob_precision": "DAY",
            },
            {"closeness": "RELATIVE", "family_name": "Ferris", "aliases": ["Fen"]},
        ],
        "employers": ["Marlbury swimming club"],
    }
    itself, relative, employers = declared(forms.load("interests/1", form))
    assert (itself.names, itself.dobs) == (("Ottilie", "Quarrington"), (date(1981, 2, 3),))
    assert relative.names == ("Ferris", "Fen")
    assert employers.employers == ("Marlbury swimming club",)
