"""Word files that would fetch, run or swell by means that a pattern over bytes does not see."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from gateway.errors import Invalid
from gateway.schemas.originals import clean
from tests.rules.test_originals import TEMPLATE, a_word

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DDE = "<w:p><w:instrText>DDEAUTO cmd</w:instrText></w:p>"


def related(kind: str, target: str, mode: str = 'TargetMode="External"') -> str:
    return f'<R><Relationship Id="r" Type="{RELATIONS}/{kind}" Target="{target}" {mode}/></R>'


def instructed(*runs: str) -> str:
    return (
        "<w:p>" + "".join(f"<w:r><w:instrText>{run}</w:instrText></w:r>" for run in runs) + "</w:p>"
    )


def nested(before: str, inner: str, after: str) -> str:
    mark = '<w:fldChar w:fldCharType="{}"/>'
    return (
        f"<w:p>{mark.format('begin')}{instructed(before)}{mark.format('begin')}{instructed(inner)}"
        f"{mark.format('end')}{instructed(after)}{mark.format('end')}</w:p>"
    )


RELATED: dict[str, str | bytes] = {
    "a template at an address like a link": related(
        "attachedTemplate", "https://evil/hyperlink.dotm"
    ),
    "spaces around the sign": related("image", "https://evil/a.png", 'TargetMode = "External"'),
    "another quotation mark and line": related(
        "image", "https://evil/a", "TargetMode\n='External'"
    ),
    "a mode spelt by number": related("image", "https://evil/a", 'TargetMode="&#69;xternal"'),
    "an unknown mode": related("image", "https://evil/a", 'TargetMode="external"'),
    "said to be inside": related("image", "https://evil/a", ""),
    "a share said to be inside": related("image", r"\\evil\a", 'TargetMode="Internal"'),
    "a prefix": f'<p:R xmlns:p="x"><p:Relationship Type="{RELATIONS}/frame" Target="http://evil"'
    ' TargetMode="External"/></p:R>',
    "a link to a share": related("hyperlink", "file://evil/share"),
    "a link that is another's": related("x/hyperlink", "https://evil"),
    "a page inside": related("aFChunk", "chunk.xml", ""),
    "UTF-16": TEMPLATE.encode("utf-16"),
    "UTF-16 without a mark": TEMPLATE.encode("utf-16-le"),
}
PARTS: dict[str, str | bytes] = {
    "a field in UTF-16": DDE.encode("utf-16"),
    "entities in UTF-16": "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>".encode("utf-16"),
    "a field in UTF-7": b'<?xml version="1.0" encoding="utf-7"?><a/>',
    "a field in the western table": b"<?xml version='1.0' encoding='iso-8859-1'?><a>\x41</a>",
    "a field over two runs": instructed("DD", "EAUTO cmd"),
    "a field by number": instructed("&#68;DE cmd"),
    "a field in an attribute": '<w:fldSimple w:instr="INCLUDEPICTURE http://evil"/>',
    "a field around a field": nested("DD", 'SET a ""', "E cmd"),
    "a field after a field": nested("PAGE", "DDEAUTO cmd", ""),
    "a field in two fields": nested("D", "", "DE cmd"),
    "a picture of the old kind": '<v:imagedata src="https://evil/a.png"/>',
    "a macro by number": '<Override ContentType="application/x.macro&#69;nabled.main+xml"/>',
    "an object": '<o:OLEObject ProgID="x"/>',
    "no XML": "<a><b></a>",
}


@pytest.mark.parametrize("what", RELATED)
def test_T15_a_letter_that_fetches_is_refused(what: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean("a.docx", a_word(word___rels__settings_DOT_xml_DOT_rels=RELATED[what]))
    assert caught.value.problems[0].code in ("active_content", "unreadable")


@pytest.mark.parametrize("what", PARTS)
def test_T15_a_letter_that_hides_what_it_does_is_refused(what: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean("a.docx", a_word(word__footer_DOT_xml=PARTS[what]))
    assert caught.value.problems[0].code in ("active_content", "unreadable")


def test_T15_a_letter_with_links_fields_and_such_words_is_taken() -> None:
    kept = clean(
        "a.docx",
        a_word(
            word___rels__document_DOT_xml_DOT_rels=related(
                "hyperlink", "https://example.org/a?b=1"
            ),
            word___rels__footer_DOT_xml_DOT_rels=related("hyperlink", "MAILTO:a@example.org"),
            word___rels__header_DOT_xml_DOT_rels=related("styles", "styles.xml", ""),
            word__footer_DOT_xml=b"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8'"
            b" standalone='yes'?><w:p>The DDE, an oleObject: h\xc3\xa9</w:p>",
            word__header_DOT_xml=instructed("PAGE", ' HYPERLINK "https://example.org/hidden"'),
        ),
    )
    assert kept.content.startswith(b"PK")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part",
    [
        b"<" * 4_000_000,
        b"<a>" * 30_000_000,
        b"<a/>" * 20_000_000,
        b"<a " + b'b="' + b"c" * 90_000_000,
        b"<a " + b"".join(b'a%d="" ' % n for n in range(1_000_000)) + b"/>",
    ],
    ids=["brackets", "depth", "number", "one long tag", "attributes"],
)
def test_T15_a_letter_whose_parts_are_costly_to_read_is_refused(part: bytes) -> None:
    with pytest.raises(Invalid):
        clean("a.docx", a_word(word___rels__settings_DOT_xml_DOT_rels=part))


@pytest.mark.timeout(60)
def test_T15_the_pictures_of_a_letter_share_one_budget() -> None:
    made = io.BytesIO()
    Image.new("1", (3_000, 3_000)).save(made, "PNG")  # 9 million points in 1 KB
    five = {f"word__media__a{n}_DOT_png": made.getvalue() for n in range(5)}
    with pytest.raises(Invalid) as caught:
        clean("a.docx", a_word(**five))
    assert caught.value.problems[0].code == "active_content"
    assert clean("a.docx", a_word(word__media__a_DOT_png=made.getvalue()))
