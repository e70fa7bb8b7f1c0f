"""The agenda on paper: what it says, what it leaves out, and that everybody can read it."""

from __future__ import annotations

import json
import re
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import docx
import pikepdf
import pytest

from gateway.errors import Invalid
from gateway.flows.conferences.agenda import Agenda, Line
from gateway.papers import agenda as papers
from gateway.papers import words
from gateway.profiles.loader import Profiles
from gateway.rules import agenda as order
from gateway.rules import markers
from gateway.schemas.codes import AgencyKind, Criterion, ListingKind, RiskLevel

STARTS = datetime(2026, 7, 2, 8, 30, tzinfo=UTC)  # 09:30 in summer
HOSTILE = '#panic("x") $a_b$ *bold* <script>alert(1)</script> {{ 7*7 }} {% x %} & \\'
LINE = Line(
    number=1,
    starts_at=STARTS,
    minutes=12,
    because=order.HONOUR_OR_STALKING,
    reference="7K3MQ-2XF8A-C",
    label="A.B.",
    kind=ListingKind.REPEAT,
    referrer="LANDLORD",
    presenter="Marlbury Homes",
    level="HIGH",
    criteria=("VISIBLE_HIGH_RISK", "MARAC_REPEAT"),
    scores=("DASH_RIC 16/24",),
    critical=("DASH08", "DASH15"),
    children=2,
    markers=("STALKING", "INTERPRETER"),
    event_on="2026-07-05",
    idva="WAITING",
)
# What a reader with no need to know more is given.
BARE = replace(
    LINE,
    because="",
    label=None,
    presenter=None,
    level=None,
    criteria=None,
    scores=None,
    critical=None,
    children=None,
    markers=(),
    event_on=None,
    idva=None,
)


def an_agenda(cases: int = 1, *, line: Line = LINE, **changes: Any) -> Agenda:
    lines = tuple(
        replace(
            line,
            number=index + 1,
            starts_at=STARTS + timedelta(minutes=12 * index + 10 * (index // 5)),
        )
        for index in range(cases)
    )
    return replace(
        Agenda(
            conference_id="6f1c1f52-8f0e-4b39-9e6a-5a1f0b9e6f11",
            area="Marlbury",
            starts_at=STARTS,
            ends_at=lines[-1].starts_at + timedelta(minutes=12) if lines else None,
            zone="Europe/London",
            reader="Marlbury Conference Office",
            reader_kind="COORDINATOR",
            lines=lines,
            listed=cases,
            capacity=16,
            labels={},
        ),
        **changes,
    )


class Page(HTMLParser):
    """The visible text, the tags and the attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside = ""
        self.feed(page)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.texts.append(data)

    def count(self, tag: str, **attributes: str) -> int:
        return sum(t == tag and attributes.items() <= a.items() for t, a in self.tags)


def page_of(agenda: Agenda, **more: Any) -> Page:
    document = papers.render(agenda, "html", **more)
    assert document["media_type"] == "text/html"
    return Page(document["text"])


def pdf_of(agenda: Agenda) -> bytes:
    document = papers.render(agenda, "pdf")
    assert document["media_type"] == "application/pdf"
    return b64decode(document["base64"])


def tags_of(pdf: pikepdf.Pdf) -> list[str]:
    """The tag tree of a PDF, as a list of structure types in reading order."""

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, pikepdf.Array):
            for each in node:
                yield from walk(each)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield str(node.S)
            if "/K" in node:
                yield from walk(node.K)

    return list(walk(pdf.Root.StructTreeRoot))


def text_of(pdf: pikepdf.Pdf) -> str:
    """The text of a PDF, put together from the maps from glyph to character of its fonts."""
    found = []
    for page in pdf.pages:
        fonts = {name: _characters(font) for name, font in page.Resources.Font.items()}
        font: dict[int, str] = {}
        for operands, operator in pikepdf.parse_content_stream(page):
            match str(operator):
                case "Tf":
                    font = fonts[str(operands[0])]
                case "Tj":
                    found.append(_read(operands[0], font))
                case "TJ":
                    shown = (each for each in operands[0] if isinstance(each, pikepdf.String))
                    found += [_read(each, font) for each in shown]
    return "".join(found)


def _read(shown: Any, font: dict[int, str]) -> str:
    codes = bytes(shown)
    pairs = (codes[at] << 8 | codes[at + 1] for at in range(0, len(codes), 2))
    return "".join(font.get(pair, "?") for pair in pairs)


def _characters(font: Any) -> dict[int, str]:
    """Glyph to character: lines "<glyph> <text>", or "<first> <last> <text of the first>"."""
    found = {}
    for line in font.ToUnicode.read_bytes().decode().splitlines():
        parts = line.replace("<", " ").replace(">", " ").split()
        if line.startswith("<") and len(parts) in (2, 3) and len(parts[0]) == 4:
            text = bytes.fromhex(parts[-1]).decode("utf-16-be")
            first, last = int(parts[0], 16), int(parts[-2], 16)
            for step in range(last - first + 1):
                found[first + step] = text[:-1] + chr(ord(text[-1]) + step)
    return found


@pytest.fixture(scope="module")
def paper() -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(BytesIO(pdf_of(an_agenda(30)))) as pdf:
        yield pdf


def test_F91_the_header_says_what_where_when_for_whom_and_how_secret() -> None:
    page = page_of(an_agenda())
    for said in (
        "Agenda",
        "Marlbury",
        "Thursday 2 July 2026, 09:30 to 09:42 (BST)",
        "Copy for Marlbury Conference Office",
        words.REMINDER,
    ):
        assert said in page.text


def test_F91_every_standing_item_stands_in_its_order() -> None:
    text = page_of(an_agenda()).text
    items = [
        "Apologies and attendance",
        "Confidentiality declaration",
        "Conflicts of interest",
        "Outstanding actions from the last meeting",
        "Not possible, because circumstances changed",
        "Not done",
        "Review list",
        "6. Cases",
        "Flags to remove after 12 months",
        "Any other business",
    ]
    places = [text.index(item) for item in items]
    assert places == sorted(places)


def test_F91_a_case_says_everything_that_its_reader_may_know() -> None:
    text = page_of(an_agenda(), labels={"DASH15": "Tried to strangle"}).text
    for said in (
        "1 09:30 to 09:42 A.B. 7K3MQ-2XF8A-C",
        "Kind Repeat",
        "Referred by Landlord Marlbury Homes",
        "Criteria Visible high risk Abuse again within the repeat period",
        "Place in the order Honour-based abuse or stalking",
        "▮▮▮ High",
        "DASH RIC 16 of 24",
        "Critical answers DASH08 Tried to strangle",
        "▲ Stalking ■ Interpreter needed",
        "Children named 2",
        "Key date Sun 5 Jul 2026",
        "IDVA service Has not answered yet",
    ):
        assert said in text


def test_F92_what_a_reader_may_not_know_is_left_out_and_never_denied() -> None:
    agenda = an_agenda(line=BARE, reader_kind="LANDLORD")
    page = page_of(agenda)
    for term in ("Level", "Score", "Criteria", "Markers", "Children", "Key date", "IDVA", "Place"):
        assert term not in page.text
    case = json.loads(json.dumps(papers.as_data(agenda)))["cases"][0]
    assert case.keys() == {
        "number", "starts_at", "minutes", "reference", "kind", "referrer", "markers",
    }  # fmt: skip
    for said in ("None", "null", "withheld", "unknown"):
        assert said not in page.text + json.dumps(case)


def test_F92_an_empty_column_is_not_printed() -> None:
    assert page_of(an_agenda(2)).count("th", scope="col") == 6
    assert page_of(an_agenda(2, line=BARE)).count("th", scope="col") == 2


@pytest.mark.parametrize(("kind", "is_told"), [("COORDINATOR", True), ("POLICE", False)])
def test_only_the_coordinator_is_told_how_many_cases_there_are_in_all(
    kind: str, is_told: bool
) -> None:
    agenda = an_agenda(3, listed=17, reader_kind=kind)
    assert ("17 cases are listed; the area plans for 16" in page_of(agenda).text) is is_told
    assert ("listed" in papers.as_data(agenda)) is is_told
    assert ("capacity" in papers.as_data(agenda)) is is_told


def test_a_full_agenda_is_no_warning() -> None:
    assert "Over capacity" not in page_of(an_agenda(16)).text


def test_the_time_between_cases_is_an_interval_whatever_the_reason() -> None:
    assert "10:30 to 10:40: interval" in page_of(an_agenda(6)).text
    whole = an_agenda(3)
    without = replace(whole, lines=(whole.lines[0], whole.lines[2]))
    assert "09:42 to 09:54: interval" in page_of(without).text


@pytest.mark.parametrize("cases", [0, 1, 20, 30])
def test_every_size_has_every_form(cases: int) -> None:
    agenda = an_agenda(cases)
    page = page_of(agenda)
    assert page.count("th", scope="row") == cases
    assert ("There are no cases in this copy." in page.text) is (cases == 0)
    assert len(papers.as_data(agenda)["cases"]) == cases
    with pikepdf.open(BytesIO(pdf_of(agenda))) as pdf:
        assert len(pdf.pages) <= 2 + cases // 3


def test_T09_the_page_stands_alone_and_its_title_is_neutral() -> None:
    text = papers.render(an_agenda(), "html")["text"]
    page = Page(text)
    assert "<title>Agenda</title>" in text
    assert dict(page.tags)["html"] == {"lang": "en-GB"}
    assert not {"script", "link", "img", "iframe", "form"} & {tag for tag, _ in page.tags}
    assert not {"src", "href", "style", "onclick"} & {a for _, attrs in page.tags for a in attrs}
    assert "url(" not in text
    assert "@import" not in text
    levels = [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert levels == ["h1", "h2", "h2", "h2"]


@pytest.mark.parametrize("form", ["json", "html", "pdf", "docx"])
def test_the_file_name_says_a_date_and_nothing_else(form: str) -> None:
    late = datetime(2026, 7, 2, 23, 30, tzinfo=UTC)  # already the third, in summer
    assert (
        papers.render(an_agenda(starts_at=late), form)["file_name"] == f"agenda-2026-07-03.{form}"
    )


def test_there_is_no_other_format() -> None:
    with pytest.raises(Invalid):
        papers.render(an_agenda(), "rtf")


def test_a_sign_never_stands_without_its_words() -> None:
    for signs in (words.LEVELS.values(), words.MARKERS.values()):
        assert all(sign.icon and sign.text for sign in signs)
    page = page_of(an_agenda(line=replace(LINE, markers=tuple(markers.SECTION_OF))))
    icons = page.count("span", **{"class": "icon"})
    assert icons == 1 + len(markers.SECTION_OF)
    assert page.count("span", **{"class": "icon", "aria-hidden": "true"}) == icons


def test_every_code_has_words() -> None:
    assert words.AGENCIES.keys() == set(AgencyKind)
    assert words.LISTINGS.keys() == set(ListingKind)
    assert words.CRITERIA.keys() == set(Criterion)
    assert words.LEVELS.keys() == set(RiskLevel)
    assert words.MARKERS.keys() == markers.SECTION_OF.keys()
    assert words.PLACES.keys() == order.RANK.keys()


def test_a_code_that_has_no_words_yet_is_shown_and_not_lost() -> None:
    line = replace(LINE, markers=("NEW_MARK",), because="new-row", level="SEVERE", idva="ON_LEAVE")
    text = page_of(an_agenda(line=line)).text
    for said in ("New mark", "New row", "Severe", "On leave"):
        assert said in text


def test_every_item_of_every_instrument_has_a_short_label_of_its_own() -> None:
    profile = Profiles.load().for_area("MARLBURY", date(2026, 12, 1))
    items = [item for each in profile.instruments.values() for item in each.items]
    assert len({item.id for item in items}) == len(items)


def test_T14_markup_in_a_name_is_text_on_the_page() -> None:
    text = papers.render(an_agenda(line=replace(LINE, presenter=HOSTILE)), "html")["text"]
    page = Page(text)
    assert page.count("script") == 0
    assert " ".join(HOSTILE.split()) in page.text


def test_T14_markup_in_a_name_is_text_in_the_pdf() -> None:
    line = replace(LINE, presenter=HOSTILE)
    with pikepdf.open(BytesIO(pdf_of(an_agenda(line=line)))) as pdf:
        text = text_of(pdf).replace("\u201c", '"').replace("\u201d", '"').replace(" ", "")
    assert HOSTILE.replace(" ", "") in text


def test_F91_the_pdf_is_tagged_and_says_what_it_is(paper: pikepdf.Pdf) -> None:
    assert paper.Root.MarkInfo.Marked
    assert str(paper.Root.Lang) == "en-GB"
    assert paper.Root.ViewerPreferences.DisplayDocTitle
    assert str(paper.docinfo["/Title"]) == "Agenda"
    with paper.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    assert "/CreationDate" not in paper.docinfo


def test_F91_the_pdf_has_headings_lists_and_a_table_with_headers(paper: pikepdf.Pdf) -> None:
    tags = tags_of(paper)
    assert [tag for tag in tags if tag in ("/H1", "/H2", "/H3")] == ["/H1", "/H2", "/H2", "/H2"]
    assert tags.count("/Table") == 1
    assert tags.count("/THead") == 1
    assert tags.count("/TH") == 6
    assert tags.count("/TR") == 1 + 30 + 5  # header, cases, intervals
    assert "/LI" in tags


def test_F91_every_page_is_a4_and_carries_the_mark_of_its_reader(paper: pikepdf.Pdf) -> None:
    for page in paper.pages:
        with pikepdf.new() as alone:
            alone.pages.append(page)
            assert "Copy for Marlbury Conference Office." in text_of(alone)
        assert [round(float(side)) for side in page.MediaBox] == [0, 0, 842, 595]


def test_the_same_agenda_gives_the_same_bytes() -> None:
    assert pdf_of(an_agenda(3)) == pdf_of(an_agenda(3))
    assert papers.render(an_agenda(3), "html") == papers.render(an_agenda(3), "html")


@pytest.mark.parametrize(
    "name",
    ["Łucja Żółć", "Ăn Đỗ", "Ștefan", "İpek", "Олександра", "Αθηνά", "ليلى", "x" * 200],
)
def test_a_name_in_many_scripts_is_still_accessible(name: str) -> None:
    agenda = an_agenda(2, line=replace(LINE, label=name[:4], presenter=name), reader=name)
    with pikepdf.open(BytesIO(pdf_of(agenda))) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
    assert name in page_of(agenda).text


@pytest.mark.parametrize("name", ["王小明", "ሰላም", "ਗੁਰਪ੍ਰੀਤ", "🙂"])
def test_a_character_that_no_font_has_still_gives_a_tagged_paper(name: str) -> None:
    with pikepdf.open(BytesIO(pdf_of(an_agenda(line=replace(LINE, presenter=name))))) as pdf:
        assert "/TH" in tags_of(pdf)
        with pdf.open_metadata() as metadata:
            assert "pdfuaid:part" not in metadata  # not claimed where it does not hold


# --- as a Word file ---------------------------------------------------------------------------


def word_file(agenda: Agenda) -> bytes:
    document = papers.render(agenda, "docx")
    assert document["media_type"].endswith("wordprocessingml.document")
    return b64decode(document["base64"])


def test_a_word_file_says_what_the_page_says_and_can_be_read_aloud() -> None:
    agenda = an_agenda(7)
    made = docx.Document(BytesIO(word_file(agenda)))
    (table,) = made.tables
    heads = [cell.text for cell in table.rows[0].cells]
    assert heads == ["Case", "Referral", "Why it is listed", "Risk", "Bear in mind", "What is due"]
    assert "w:tblHeader" in table.rows[0]._tr.xml
    first = " ".join(" ".join(cell.text for cell in table.rows[1].cells).split())
    for said in ("09:30 to 09:42", "A.B.", "7K3MQ-2XF8A-C", "Marlbury Homes", "High", "Stalking"):
        assert said in first
    assert {"interval" in row.cells[0].text for row in table.rows[6:7]} == {True}
    levels = [each.style.name for each in made.paragraphs if each.style.name.startswith("Head")]
    assert levels == ["Heading 1", "Heading 2", "Heading 2", "Heading 2"]
    assert 'w:val="en-US"' not in made.styles.element.xml
    assert "Copy for Marlbury Conference Office" in made.sections[0].footer.paragraphs[0].text


def test_a_word_file_tells_neither_who_made_it_nor_when() -> None:
    content = word_file(an_agenda())
    assert content == word_file(an_agenda())
    told = docx.Document(BytesIO(content)).core_properties
    assert (told.author, told.last_modified_by, told.comments, told.keywords) == ("", "", "", "")
    assert (told.title, told.language, told.created) == ("Agenda", "en-GB", told.modified)
    with zipfile.ZipFile(BytesIO(content)) as whole:
        assert {each.date_time[0] for each in whole.infolist()} == {1980}
        assert not {n for n in whole.namelist() if "thumbnail" in n or "app.xml" in n}
        every = b"".join(whole.read(each) for each in whole.namelist())
    assert not re.search(
        rb"python|Macintosh|20(1|2)\d-\d\d-\d\dT|http://(?!schemas|purl|www\.w3)", every
    )


def test_text_of_a_case_stays_text_in_a_word_file() -> None:
    content = word_file(an_agenda(line=replace(LINE, presenter=HOSTILE + "\x0b\ud800")))
    made = docx.Document(BytesIO(content))
    text = " ".join(cell.text for cell in made.tables[0].rows[1].cells)
    assert HOSTILE in text
    assert "\ufffd\ufffd" in text


def test_what_is_not_told_is_not_there_in_a_word_file() -> None:
    made = docx.Document(BytesIO(word_file(an_agenda(line=BARE))))
    assert [cell.text for cell in made.tables[0].rows[0].cells] == ["Case", "Referral"]
    assert not docx.Document(BytesIO(word_file(an_agenda(0)))).tables
