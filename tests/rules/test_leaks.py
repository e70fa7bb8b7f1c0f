"""Looking for protected values: spelling does not hide them, other words do not raise them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scan import count_false
from gateway.rules import leaks
from gateway.rules.leaks import HELD, Keyed, Sought, is_hidden, must_be_sealed, values_of
from gateway.schemas.codes import AddressClass
from gateway.schemas.protected import School
from gateway.schemas.slips import is_slip, mend
from gateway.schemas.spelling import Value, candidates, fold

KEY = b"k"


def hold_back(content: object, values: list[str]) -> tuple[object, int]:
    held, places = leaks.hold_back(content, Sought(values))
    return held, len(places)


def stamper(key: bytes) -> Callable[[Value], bytes]:
    return lambda value: key + "|".join(value).encode()


def keyed(*values: Value) -> Sought:
    tokens = frozenset(stamper(KEY)(value) for value in values)
    return Sought((), [Keyed("protected_address", KEY, tokens)], stamper)


@pytest.mark.parametrize(
    "text",
    [
        "seen at Quillfeather Surgery",
        "QUILLFEATHER SURGERY!",
        "quillfeather   surgery",
        "Quíllfeather-Surgery",
        "(quillfeather\nsurgery)",
    ],
)
def test_a_value_is_found_however_it_is_written(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (HELD, 1)


@pytest.mark.parametrize("text", ["the surgery", "Quillfeather", "quillfeathersurgerx", ""])
def test_other_words_are_no_hit(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (text, 0)


@pytest.mark.parametrize(
    "text", ["quillfeathersurgery", "at quill feather surgery", "QUILL FEATHERSURG-ERY now"]
)
def test_gaps_in_odd_places_do_not_hide_a_long_value(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (HELD, 1)


@pytest.mark.parametrize(
    ("value", "text", "hits"),
    [("abcd efgh", "it is abcdefgh", 1), ("abc defg", "it is abcdefg", 0)],
)
def test_eight_characters_are_looked_for_without_gaps_too(value: str, text: str, hits: int) -> None:
    assert hold_back(text, [value])[1] == hits


def test_a_short_value_is_found_as_a_word_alone() -> None:
    assert hold_back("near Tern.", ["tern"]) == (HELD, 1)
    assert hold_back("an internal matter", ["tern"]) == ("an internal matter", 0)


def test_what_is_not_a_hit_stays_as_it_is_whatever_it_is() -> None:
    content = {"text": "the surgery", "list": ["one", {"two": 2}], "none": None, "yes": True}
    assert hold_back(content, [fold("Quillfeather Surgery")]) == (content, 0)


@given(st.text(max_size=30), st.text(max_size=30))
def test_words_around_a_value_never_hide_it(before: str, after: str) -> None:
    held, hits = hold_back({"a": [f"{before} Tern School {after}"]}, ["tern school"])
    assert hits >= 1
    assert HELD in str(held)
    assert "Tern School" not in str(held)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    )
)
def test_without_values_nothing_changes(content: object) -> None:
    assert hold_back(content, []) == (content, 0)


def test_every_protected_path_is_read_and_short_values_are_left() -> None:
    parts = {
        "children": {"children": [{"school": {"name": "Tern School"}}, {}, {"school": {}}]},
        "health": {"victim": {"gp_practice": {"name": "GP"}}},
    }
    protected = {
        "children": ["children[].school.name"],
        "health": ["victim.gp_practice.name"],
        "employment": ["victim.employer"],
    }
    assert values_of(parts, protected) == {"children": ["tern school"]}


@pytest.mark.parametrize(
    ("name", "found"), [("Tern", {"health": ["tern"]}), ("Ter", {}), (12345, {}), (None, {})]
)
def test_a_value_is_a_text_of_four_characters_or_more(
    name: object, found: dict[str, list[str]]
) -> None:
    parts = {"health": {"victim": {"gp_practice": {"name": name}}}}
    assert values_of(parts, {"health": ["victim.gp_practice.name"]}) == found


@pytest.mark.parametrize("children", [{}, {"children": None}, {"children": "Tern School"}])
def test_a_list_that_is_none_holds_no_value(children: dict[str, object]) -> None:
    assert values_of({"children": children}, {"children": ["children[].school.name"]}) == {}


@pytest.mark.parametrize("kind", list(AddressClass))
def test_a_hidden_address_has_to_come_sealed_unless_it_is_given_otherwise(
    kind: AddressClass,
) -> None:
    victim = {"address_classification": kind}
    is_hidden_kind = kind in (
        AddressClass.REFUGE,
        AddressClass.UNKNOWN_TO_PERP,
        AddressClass.TEMP_ACCOM,
    )
    assert must_be_sealed(victim) is is_hidden_kind
    assert not must_be_sealed({**victim, "address": {"absent": "UNKNOWN"}})


@pytest.mark.parametrize("known", list(AddressClass))
def test_only_an_address_that_the_perpetrator_knows_is_not_hidden(known: AddressClass) -> None:
    shown = known in (AddressClass.KNOWN_TO_PERP, AddressClass.SANCTUARY)
    assert is_hidden({"victim": {"address_classification": known}}) is not shown


# --- other ways to write a value ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("St Mary's C of E Primary School", "outside Saint Marys school again"),
        ("St Mary's School", "at ST MARY'S CATHOLIC PRIMARY ACADEMY"),
        ("Tern Academy", "Tern School"),
        ("Quillfeather Surgery", "the Quillfeather Medical Practice"),
        ("Quillfeather Health Centre", "Quillfeather GP surgery"),
        ("12 Tern Road", "lives at 12 Tern Rd."),
        ("Tern Lane Works", "Tern Ln works"),
        ("07700 900123", "rang +44 (0)7700 900 123"),
        ("07700 900123", "rang 0044 7700-900123"),
        ("XX1 1AA", "in xx11aa now"),
    ],
)
def test_short_forms_and_other_formats_do_not_hide_a_value(value: str, text: str) -> None:
    assert hold_back(text, [fold(value)]) == (HELD, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("St Mary's Primary School", "the primary school"),
        ("St Mary's Primary School", "St Mary's church"),
        ("Park School", "the school park"),
        ("Tern Road Works", "Tern works"),
        ("07700 900123", "07700 900124"),
    ],
)
def test_a_part_of_a_value_is_no_hit(value: str, text: str) -> None:
    assert hold_back(text, [fold(value)]) == (text, 0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Church Surgery", "Registered with CHURCH SURGERY."),
        ("Church Medical Centre", "seen at the church medical practice"),
        ("Catholic Clinic", "at the catholic-clinic"),
    ],
)
def test_M4_what_is_said_of_any_school_is_the_name_of_a_surgery(name: str, text: str) -> None:
    parts = {"health": {"victim": {"gp_practice": {"name": name}}}}
    found = values_of(parts, {"health": ["victim.gp_practice.name"]})
    assert found == {"health": [fold(name)]}
    assert hold_back(text, found["health"]) == (HELD, 1)


@pytest.mark.parametrize(
    "name", ["The Surgery", "Primary School", "Village Nursery", "Village Surgery", "Church School"]
)
def test_a_value_of_words_that_every_text_has_is_not_looked_for(name: str) -> None:
    parts = {"health": {"victim": {"gp_practice": {"name": name}}}}
    assert values_of(parts, {"health": ["victim.gp_practice.name"]}) == {}


# --- what is held, and where ----------------------------------------------------------------------


def test_one_paragraph_is_held_and_the_rest_goes() -> None:
    text = "He rang.\nHe waits at Tern School.\nShe is afraid."
    held, places = leaks.hold_back({"notes": [text]}, Sought(["tern school"]))
    assert held == {"notes": [f"He rang.\n{HELD}\nShe is afraid."]}
    assert places == ("/notes/0#2",)


def test_a_value_over_the_end_of_a_paragraph_holds_the_whole_text() -> None:
    text = "He waits at Tern\nSchool.\nTern School, he said."
    held, places = leaks.hold_back({"notes": text}, Sought(["tern school"]))
    assert (held, places) == ({"notes": HELD}, ("/notes",))


def test_a_protected_value_is_looked_at_too_and_stays_what_it_is_otherwise() -> None:
    school, other = School("Tern School"), School("Gull School")
    held, places = leaks.hold_back({"a": school, "b": other}, Sought(["tern school"]))
    assert (held["a"], held["b"]) == (HELD, other)
    assert places == ("/a",)


def test_nothing_sought_is_nothing_held() -> None:
    assert not Sought([])
    assert Sought(["tern school"])
    assert keyed(("name", "tern hse"))


# --- values that the gateway cannot read ----------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (("postcode", "xx11aa"), "moved to XX1 1AA today"),
        (("postcode", "xx11aa"), "xx1-1aa"),
        (("number", "7700900123"), "ring 07700 900123"),
        (("number", "7700900123"), "+44 7700 900123."),
        (("email", "a.b@example.org"), "write to A.B@Example.org."),
        (("house", "12 tern rd"), "at 12, Tern Road, he says"),
        (("name", "tern hse"), "in Tern House now"),
        (("name", "tern hse"), "The Tern House Refuge"),
        (("name", "tern hse"), "she sleeps at tern house now"),
        (("name", "tern hse"), "at ternhouse, he thinks"),
        (("name", "old tern lodge"), "he went by the old tern lodge."),
        (("name", "tern ct"), "tern-court"),
    ],
)
def test_a_sealed_value_is_found_by_its_token(value: Value, text: str) -> None:
    assert leaks.hold_back(text, keyed(value)) == (HELD, ("",))
    other = keyed((value[0], value[1] + "x"))
    assert leaks.hold_back(text, other) == (text, ())


@pytest.mark.parametrize("text", ["in her house", "the house", "a househusband", "to the court"])
def test_a_house_without_a_name_is_no_candidate(text: str) -> None:
    assert not [each for each in candidates(text) if each[0] == "name"]


@pytest.mark.parametrize(
    "text",
    [
        "seen at Quillfether Surgery",  # one letter less
        "seen at quilllfeather surgery",  # one more
        "seen at Quillfeathar surgery",  # another
        "seen at Qiullfeather surgery",  # two that changed places
        "the Quillfethers Quillfether Medical Practice",
    ],
)
def test_one_slip_in_a_long_word_does_not_hide_a_value(text: str) -> None:
    assert hold_back(text, [fold("Quillfeather Surgery")]) == (HELD, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Quillfeather Surgery", "seen at Quilfether Surgery"),  # two slips
        ("Quillfeather Surgery", "seen at Huillfeather Surgery"),  # the first letter is another's
        ("Hillside Surgery", "seen at Millside Surgery"),
        ("St Mary's Primary School", "St Mark's Primary School"),  # a short word is another name
        ("Tern Surgery", "Fern Surgery"),
    ],
)
def test_another_name_is_no_slip(value: str, text: str) -> None:
    assert hold_back(text, [fold(value)]) == (text, 0)


@given(st.text("abcdefgh", min_size=8, max_size=12), st.data())
def test_every_single_slip_is_known_and_the_word_itself_is_none(
    word: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(1, len(word) - 1))
    letter = data.draw(st.sampled_from("abcdefgh"))
    for slip in (
        word[:at] + word[at + 1 :],
        word[:at] + letter + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at > 1 else word,
    ):
        assert is_slip(slip, word) is (slip != word)
        assert mend(f"near {slip} then", [word]) == f"near {word} then"


def test_tokens_of_two_sections_under_one_key_are_all_looked_for() -> None:
    one, two = (frozenset({stamper(KEY)(("name", name))}) for name in ("tern hse", "gull hse"))
    sought = Sought((), [Keyed("a", KEY, one), Keyed("b", KEY, two)], stamper)
    for text in ("Tern House", "Gull House"):
        assert leaks.hold_back(text, sought) == (HELD, ("",))
    assert not Sought((), [Keyed("a", KEY, one)])  # nobody to make tokens: nothing is compared


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("Court Road", "at Ct Rd", True),  # each word has another way to write it
        ("Tern Road", "at Tern Rd", True),
        ("Primary School", "at the village school", False),  # a kind and no name
    ],
)
def test_other_ways_to_write_a_value_need_a_name(value: str, text: str, found: bool) -> None:
    assert (hold_back(text, [fold(value)])[1] > 0) is found


def test_who_has_a_section_in_full_is_not_searched_for_its_values() -> None:
    values = {"children": ["tern school"], "health": ["gull surgery", "gull practice"]}
    assert leaks.unless_held(values, {"children"}) == ["gull surgery", "gull practice"]
    assert leaks.unless_held(values, ()) == ["tern school", "gull surgery", "gull practice"]


def test_F64_several_places_are_cut_and_counted() -> None:
    content = {"a": "first words\nsecond words", "b": "third"}
    places = ["/a#2", "/b", "/c"]
    assert leaks.cut(content, places) == ({"a": f"first words\n{HELD}", "b": HELD}, 2)


def test_each_token_is_compared_under_its_own_key() -> None:
    tokens = frozenset({stamper(b"one")(("name", "tern hse"))})
    mixed = Sought((), [Keyed("safe_contact", b"two", tokens)], stamper)
    assert leaks.hold_back("Tern House", mixed) == ("Tern House", ())
    both = Sought(
        (),
        [
            Keyed("a", KEY, frozenset()),
            Keyed("b", KEY, frozenset({stamper(KEY)(("name", "tern hse"))})),
        ],
        stamper,
    )
    assert leaks.hold_back("Tern House", both) == (HELD, ("",))


def test_T01_neutral_texts_are_not_held() -> None:
    """Of documents with nothing protected in them at most one in a thousand (bench/scan.py)."""
    assert count_false(300) == 0


# --- words that are taken out ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "left", "count"),
    [
        ("/a/0/b", {"a": [{"b": HELD}, "x"], "c": School("Tern\nGull")}, 1),
        ("/a/0/b#2", {"a": [{"b": f"one\n{HELD}"}, "x"], "c": School("Tern\nGull")}, 1),
        ("/a/1", {"a": [{"b": "one\ntwo"}, HELD], "c": School("Tern\nGull")}, 1),
        ("/c#1", {"a": [{"b": "one\ntwo"}, "x"], "c": f"{HELD}\nGull"}, 1),
        ("/a/0/b#3", None, 0),
        ("/a/2", None, 0),
        ("/a/x", None, 0),
        ("/a/0", None, 0),
        ("/d", None, 0),
        ("/a/0/b/c", None, 0),
    ],
)
def test_F64_a_place_is_cut_and_the_rest_stays(place: str, left: object, count: int) -> None:
    content = {"a": [{"b": "one\ntwo"}, "x"], "c": School("Tern\nGull")}
    assert leaks.cut(content, [place]) == (content if left is None else left, count)
