"""Hostile files, each by its name: refused, or taken without what makes them hostile."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import pikepdf
import pytest
from PIL import Image

from gateway.errors import Invalid, Unavailable
from gateway.schemas import originals
from gateway.schemas.originals import LARGEST, clean
from gateway.schemas.originals.filters import TIMES, require_counted
from gateway.schemas.originals.kept import Budget


def a_pdf(change: Callable[[pikepdf.Pdf], None] = lambda pdf: None, **how: object) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.docinfo["/Author"] = "Canary Writer"
    change(pdf)
    made = io.BytesIO()
    pdf.save(made, **how)  # type: ignore[arg-type]
    return made.getvalue()


def runs(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def carries(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["x.exe"] = b"MZ"


def launches(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, A=action)
    page.Annots = pikepdf.Array([note])


def swells_twice(pdf: pikepdf.Pdf) -> None:
    packed = zlib.compress(zlib.compress(b"\0" * 400_000_000, 1), 9)
    pdf.Root.Bomb = pdf.make_indirect(pikepdf.Stream(pdf, packed))
    pdf.Root.Bomb.Filter = pikepdf.Array([pikepdf.Name.FlateDecode] * 2)


def swells(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Bomb = pdf.make_indirect(pikepdf.Stream(pdf, b"\0" * 150_000_000))


def a_picture(kind: str, **how: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(made, kind, **how)  # type: ignore[arg-type]
    return made.getvalue()


def located() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "CanaryCamera"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    return a_picture("JPEG", exif=exif.tobytes(), comment=b"canary comment")


TYPES = (
    '<Types xmlns="x"><Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)


def a_word(**parts: bytes | str) -> bytes:
    """Parts by their names, with `__` for a slash."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", TYPES)
        packed.writestr("word/document.xml", "<w:document>Text</w:document>")
        for name, part in parts.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), part)
    return made.getvalue()


MAIL = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Referral\r\nContent-Type: "
PLAIN = b"--x\r\nContent-Type: text/plain\r\n\r\nHello\r\n--x\r\n"
MIXED = b'multipart/mixed; boundary="x"\r\n\r\n' + PLAIN
WITH_FILE = (
    MAIL + MIXED + (b'Content-Disposition: attachment; filename="a.exe"\r\n\r\nMZ\r\n--x--\r\n')
)
TEMPLATE = (
    '<R><Relationship Type="http://x/attachedTemplate" Target="http://evil"'
    ' TargetMode="External"/></R>'
)
HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a script in a PDF": ("a.pdf", lambda: a_pdf(runs), "active_content"),
    "a file in a PDF": ("a.pdf", lambda: a_pdf(carries), "active_content"),
    "a PDF that starts a program": ("a.pdf", lambda: a_pdf(launches), "active_content"),
    "a PDF that swells": ("a.pdf", lambda: a_pdf(swells), "active_content"),
    "a PDF packed twice": (
        "a.pdf",
        lambda: a_pdf(swells_twice, stream_decode_level=pikepdf.StreamDecodeLevel.none),
        "active_content",
    ),
    "a locked PDF": (
        "a.pdf",
        lambda: a_pdf(encryption=pikepdf.Encryption(owner="o", user="u")),
        "unreadable",
    ),
    "a page that says it is a PDF": ("a.pdf", lambda: b"%PDF-1.4\n<script>", "unreadable"),
    "a web page": ("a.html", lambda: b"<script>", "unknown_code"),
    "a drawing with script": ("a.svg", lambda: b"<svg onload='x'>", "unknown_code"),
    "a program by another name": ("a.png", lambda: b"MZ\x90", "unknown_code"),
    "a picture by another name": ("a.jpg", lambda: a_picture("PNG"), "unknown_code"),
    "half a picture": ("a.png", lambda: a_picture("PNG")[:40], "unreadable"),
    "a picture that swells": (
        "a.png",
        lambda: _huge(),
        "active_content",
    ),
    "macros": ("a.docx", lambda: a_word(word__vbaProject_DOT_bin=b"x"), "active_content"),
    "a sheet in a letter": (
        "a.docx",
        lambda: a_word(word__embeddings__a_DOT_xlsx=b"PK"),
        "active_content",
    ),
    "a template from elsewhere": (
        "a.docx",
        lambda: a_word(word___rels__settings_DOT_xml_DOT_rels=TEMPLATE),
        "active_content",
    ),
    "entities in a letter": (
        "a.docx",
        lambda: a_word(word__styles_DOT_xml="<!DOCTYPE x [<!ENTITY a 'b'>]>"),
        "active_content",
    ),
    "a field that asks a program": (
        "a.docx",
        lambda: a_word(word__footer_DOT_xml="<w:instrText>DDEAUTO cmd</w:instrText>"),
        "active_content",
    ),
    "a letter that swells": (
        "a.docx",
        lambda: a_word(word__a_DOT_xml=b"\0" * 150_000_000),
        "active_content",
    ),
    "a zip that is no letter": ("a.docx", lambda: _a_zip(), "unknown_code"),
    "half a letter": ("a.docx", lambda: a_word()[:60], "unreadable"),
    "a mail with a file": ("a.eml", lambda: WITH_FILE, "active_content"),
    "a mail that is a web page": (
        "a.eml",
        lambda: MAIL + b"text/html\r\n\r\n<script>x</script>",
        "unreadable",
    ),
    "text that is none": ("a.txt", lambda: b"\x00\xff\xfe", "unreadable"),
    "too much": ("a.txt", lambda: b"a" * (LARGEST + 1), "too_long"),
    "no ending": ("referral", lambda: b"text", "unknown_code"),
    "two endings": ("a.pdf.exe", lambda: a_pdf(), "unknown_code"),
}


def _huge() -> bytes:
    made = io.BytesIO()
    Image.new("1", (9000, 9000)).save(made, "PNG")
    return made.getvalue()


def _a_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("a.txt", "x")
    return made.getvalue()


@pytest.mark.parametrize("what", HOSTILE)
def test_T15_a_hostile_file_is_refused(what: str) -> None:
    name, made, code = HOSTILE[what]
    with pytest.raises(Invalid) as caught:
        clean(name, made())
    assert [each.code for each in caught.value.problems] == [code]


def test_T15_a_picture_loses_where_it_was_taken() -> None:
    kept = clean("IMG_1.JPG", located())
    assert b"CanaryCamera" in located()
    assert b"Canary" not in kept.content
    assert b"canary" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as found:
        assert dict(found.getexif()) == {}
        assert found.size == (40, 30)


def test_T15_what_is_behind_a_picture_does_not_stay() -> None:
    assert b"<script>" not in clean("a.png", a_picture("PNG") + b"<script>x</script>").content


def test_T15_a_pdf_loses_who_wrote_it_and_stays_readable() -> None:
    kept = clean("a.pdf", a_pdf())
    assert b"Canary" not in kept.content
    with pikepdf.open(io.BytesIO(kept.content)) as found:
        assert len(found.pages) == 1


def test_T15_pictures_in_a_letter_are_drawn_anew() -> None:
    kept = clean("a.docx", a_word(word__media__a_DOT_jpg=located()))
    with zipfile.ZipFile(io.BytesIO(kept.content)) as packed:
        assert b"Canary" not in packed.read("word/media/a.jpg")
        assert packed.read("word/document.xml") == b"<w:document>Text</w:document>"


def test_T15_a_mail_becomes_its_text() -> None:
    html = b"Content-Type: text/html\r\n\r\n<script>x</script>\r\n--x--\r\n"
    both = MAIL + b'multipart/alternative; boundary="x"\r\n\r\n' + PLAIN + html
    kept = clean("referral.eml", both)
    assert kept.media_type == "text/plain"
    assert b"Subject: Referral" in kept.content
    assert b"Hello" in kept.content
    assert b"script" not in kept.content


def test_T15_one_file_at_a_time_is_read_and_a_queue_is_told_to_come_again() -> None:
    with originals.ONE_AT_A_TIME, pytest.raises(Unavailable):
        clean("a.txt", b"text")
    with pytest.raises(Invalid):
        clean("a.txt", b"\0")
    assert clean("a.txt", b"text").content == b"text"  # a refusal gives the turn back


def _swelling(count: int) -> bytes:
    """Streams that each become a megabyte and then break off as damaged."""
    one = zlib.compress(b"\0" * 1_000_000)[:-4] + b"\xff\xff\xff\xff"
    return b"".join(b"stream\n" + one for _ in range(count))


def _listed(filters: bytes, packed: bytes, white: bytes = b"\n") -> bytes:
    """A PDF of which one object lies in a list that is packed in this way, after this `white`."""
    made, places = io.BytesIO(), []
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"[/ASCII85Decode/FlateDecode]",
        b"<</Type/ObjStm/N 1/First 4/Filter%s/Length %d>>stream\n" % (filters, len(packed))
        + packed
        + b"\nendstream",
    ]
    made.write(b"%PDF-1.5\n")
    for number, body in enumerate(bodies, 1):
        places.append(made.tell())
        made.write(b"%d 0 obj%s" % (number, white) + body + b"\nendobj\n")
    at = made.tell()
    rows = [(0, 0, 65535), *((1, place, 0) for place in places), (2, 5, 0), (1, at, 0)]
    table = b"".join(bytes([kind]) + a.to_bytes(4) + b.to_bytes(2) for kind, a, b in rows)
    head = b"7 0 obj\n<</Type/XRef/Size 8/Root 1 0 R/W[1 4 2]/Length %d>>stream\n" % len(table)
    made.write(head + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % at)
    return made.getvalue()


_OBJECT = b"6 0 <</A 1>>"
_RUNS = bytes([len(_OBJECT) - 1]) + _OBJECT + b"\x81\x20" * 1_200_000 + b"\x80"
_SWOLLEN = zlib.compress(_OBJECT + b" " * 90_000_000, 9)
_IN_HEX = _OBJECT.hex().encode() + b">"
_WIDE = b"/FlateDecode/DecodeParms"
_PACKED = zlib.compress(b"\0" + _OBJECT)
_IN_TEXT = base64.a85encode(_SWOLLEN) + b"~>"


COSTLY: dict[str, tuple[str, bytes]] = {
    "a PDF of nothing but starts": ("a.pdf", b"%PDF-1.7\n" + b"stream\n" * 420_000),
    "starts within a packed part": (
        "a.pdf",
        b"%PDF-1.7\n" + b"stream\n\x78\x01\x00\x40\x00\xbf\xff" * 9_000 + b"\0" * 2_500_000,
    ),
    "damaged parts that swell": ("a.pdf", b"%PDF-1.7\n" + _swelling(2_500)),
    "a list of objects by run lengths": ("a.pdf", _listed(b"/RunLengthDecode", _RUNS)),
    "a list of objects packed and in text": (
        "a.pdf",
        _listed(b"[/ASCII85Decode/FlateDecode]", _IN_TEXT),
    ),
    "a list whose filters stand elsewhere": ("a.pdf", _listed(b" 4 0 R", _IN_TEXT)),
    "a list whose filter is written otherwise": ("a.pdf", _listed(b"/#52unLengthDecode", _RUNS)),
    "a list after a text that ends it": (
        "a.pdf",
        _listed(b"/RunLengthDecode/T(>>endobj (obj<<>> )\\) )", _RUNS),
    ),
    "a list behind two counted filters": ("a.pdf", _listed(b"[/Fl/Fl]", zlib.compress(_PACKED))),
    "a list with wide rows": (
        "a.pdf",
        _listed(_WIDE + b"<</Predictor 12/Columns 2000000000>>", _PACKED),
    ),
    "a list whose rows are as wide as told elsewhere": (
        "a.pdf",
        _listed(_WIDE + b"<</Predictor 12/Columns 9 0 R>>", _PACKED),
    ),
    "a list that is prepared elsewhere": ("a.pdf", _listed(_WIDE + b" 9 0 R", _PACKED)),
    "a PDF of dictionaries that never end": ("a.pdf", b"%PDF-1.7\n" + b"obj<<" * 500_000),
    "a mail of mails": ("a.eml", b"Content-Type: message/rfc822\r\n\r\n" * 1_500),
    "a kind full of brackets": ("a.eml", b"Content-Type: " + b"(" * 900 + b"\r\n\r\nHello"),
    "an address full of brackets": ("a.eml", b"To: " + b"(" * 4_000 + b"\r\n\r\nHello"),
    "parts in parts": (
        "a.eml",
        b"".join(
            b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(300)
        )
        + b"\n" * 2_900_000,
    ),
    "a mail to everybody": ("a.eml", b"To: " + b"a@b," * 700_000 + b"\n\nHello"),
    "a kind with many words": (
        "a.eml",
        MAIL + b"text/plain" + b";a=b" * 700_000 + b"\r\n\r\nHello",
    ),
}


def test_T15_a_pdf_with_lists_of_objects_as_writers_make_them_is_kept() -> None:
    mode = pikepdf.ObjectStreamMode.generate
    assert clean("a.pdf", a_pdf(object_stream_mode=mode)).content.startswith(b"%PDF")
    for filters, packed in ((b"/FlateDecode", zlib.compress(_OBJECT)), (b"[]", _OBJECT)):
        assert clean("a.pdf", _listed(filters, packed)).content.startswith(b"%PDF")


@pytest.mark.parametrize("code", [0, 9, 10, 11, 12, 13, 32])
def test_T15_a_list_of_objects_is_seen_behind_any_white_space(code: int) -> None:
    white = bytes([code])
    made = _listed(white + b"/ASCIIHexDecode" + white, _IN_HEX, white)
    made = made.replace(b"/Type/ObjStm", b"/None/ObjSet")  # nor need it say that it is a list
    with pikepdf.open(io.BytesIO(made)) as found:  # whoever opens it unpacks the list
        assert found.get_object(6, 0).A == 1
    with pytest.raises(Invalid, match="not taken"):
        clean("a.pdf", made)


UNCLEAR = {
    "an end within brackets": b"/FlateDecode/X[>>]/Filter/ASCIIHexDecode",
    "a filter within a broken number": b"/FlateDecode/X<x/Filter/ASCIIHexDecode/Y 1/Z>",
    "a comment within a broken number": b"/FlateDecode/X<%/Filter/ASCIIHexDecode/Y 1/Z 1\n",
    "a text that does not end": b"/FlateDecode/X(\\)",
}


@pytest.mark.parametrize("what", UNCLEAR)
def test_T15_a_list_of_objects_that_is_not_understood_is_refused(what: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_counted(_listed(UNCLEAR[what], _IN_HEX))
    assert caught.value.problems[0].code == "active_content"


@pytest.mark.parametrize("name", [b"/ObjStm", b"/XRef", b"/#4fbj#53tm", b"/XRe#66", b"/#58Ref"])
def test_T15_the_name_of_a_list_of_objects_stands_in_a_dictionary_or_nowhere(name: bytes) -> None:
    for after in (b"", b" ", b"\x0b", b"/N"):
        with pytest.raises(Invalid):
            require_counted(a_pdf() + b"% x <</Type" + name + after)
    require_counted(a_pdf() + name + b"s")
    require_counted(a_pdf() + b"9 0 obj%\n<</Type" + name + b">>")


def test_T15_a_locked_pdf_is_not_opened_to_know_that_it_is_locked() -> None:
    lists = pikepdf.ObjectStreamMode.generate
    made = a_pdf(object_stream_mode=lists, encryption=pikepdf.Encryption(owner="o", user=""))
    for content in (made, made.replace(b"/Encrypt", b"/Enc#72#79pt")):
        with pytest.raises(Invalid) as caught:
            require_counted(content)
        assert caught.value.problems[0].code == "unreadable"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", [b"obj%", b"obj<<%", b"obj<<>>", b"obj<<["])
def test_T15_what_is_looked_at_in_a_pdf_is_bounded_by_its_size(what: bytes) -> None:
    content = b"%PDF-1.7\n" + what * (3_000_000 // len(what))
    left = Budget(TIMES * len(content))
    with suppress(Invalid):
        require_counted(content, left)
    assert -len(content) <= left.left < TIMES * len(content)


@pytest.mark.parametrize(
    ("opens", "closes"), [(b"obj%", b""), (b"obj<<", b">>"), (b"(obj<<", b">>)")]
)
def test_T15_the_budget_stops_a_pdf_that_has_one_part_looked_at_again(
    opens: bytes, closes: bytes
) -> None:
    content = b"%PDF-1.7\n" + opens * 5_000 + closes * 5_000
    left = Budget(TIMES * len(content))
    with pytest.raises(Invalid):
        require_counted(content, left)
    assert -len(content) <= left.left < 0


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", COSTLY)
def test_T15_a_file_that_is_costly_to_read_is_refused(what: str) -> None:
    name, content = COSTLY[what]
    assert len(content) <= LARGEST
    with pytest.raises(Invalid) as caught:
        clean(name, content)
    assert caught.value.problems[0].code in ("active_content", "unreadable")
