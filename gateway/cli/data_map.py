"""Owns the data map: the annex of an impact assessment, generated from the tables."""

from __future__ import annotations

from typing import assert_never

from gateway.cli import words
from gateway.profiles.legal import Basis, LegalTable
from gateway.profiles.loader import Profile
from gateway.profiles.matrix import COLUMNS, LIVE
from gateway.rules.matrix import RANK, Matrix
from gateway.schemas.codes import (
    AgencyKind,
    Category,
    DataClass,
    Level,
    NoteKind,
    PersonRole,
    Stage,
)


def data_map_page(profile: Profile) -> str:
    """Return every field with its purpose, readers by stage, bases, retention and key."""
    fields = profile.fields
    versions = (f"{name} `{profile.versions[name]}`" for name in ("fields", "matrix", "legal"))
    parts = [
        "# Data map",
        words.MADE,
        f"Table versions (SHA-256): {', '.join(versions)}",
        "A field has one section; the section decides who reads it, under which key it lies and "
        "how long it stays. The levels are the highest a kind can reach for any purpose; the need-"
        "to-know matrix page says under which condition. Legal bases of each reader stand at the "
        "end.",
        "## Sections",
    ]
    for section in sorted(fields.sections, key=lambda name: (fields.category(name), name)):
        parts += [f"### {section}", _section(profile, section)]
    return words.page(
        *parts,
        "## Private notes",
        "What an agency writes for itself about a case, its research or its casework, is kept "
        "apart from all sections: no rule, grant, agenda or export leads to it.",
        _notes(profile),
        "## What is typed in at the desk",
        "A referral while it is typed, and the originals that came with it.",
        _typed(),
        "## Research returns",
        "What an agency found in its own records for a conference, each version as it was sent. "
        "What it gives the others is laid into the sections whose names begin with `research_`.",
        _returns(profile),
        "## People at the desk",
        "Of a worker who signs in there is an opaque id and with what it proves who it is; no "
        "name, address or number of a person.",
        _people(),
        "## Receipts of disclosures",
        "What each agency was given of a case, so that it can be accounted for.",
        _receipts(profile),
        "## Notices",
        "That something waits, without a word of what; and who was told that nobody has read it.",
        _notices(),
        "## Meetings",
        "Who was at a conference, and who was in the room while a case was heard.",
        _meetings(profile),
        "## Legal bases by kind of agency",
        _kinds_table(profile.legal),
        "## Legal bases",
        _bases_table(profile.legal),
    )


def _section(profile: Profile, section: str) -> str:
    """Return what there is to say of one section."""
    fields, matrix = profile.fields, profile.matrix
    category, data_class = fields.category(section), fields.data_class(section)
    paths = sorted(row.path for row in fields.rows.values() if row.section == section)
    shielded = sorted(path for path in paths if fields.rows[path].is_protected)
    rows = [
        ("Category", f"{category} {matrix.titles[category]}"),
        ("Fields", _paths(paths) or "none in the forms: made by the gateway or an agency later"),
        ("Scanned for on every way out", _paths(shielded) or "none"),
        ("Main purpose", words.purposes(matrix.main[category])),
        ("Levels by kind", _levels(matrix, section)),
        *((f"Readers: {words.stage(stage)}", _readers(matrix, section, stage)) for stage in LIVE),
        ("Legal bases", "those of the contributor and of each reader, below"),
        ("Retention", profile.legal.retention[category]),
        ("Key", _key(data_class)),
    ]
    return words.table(("What", "Answer"), rows)


def _people() -> str:
    """Return what there is to say of those who sign in."""
    rows = [
        ("Roles", ", ".join(f"`{role}`" for role in PersonRole)),
        ("Passkeys", "the public key, when it was added and last used; the device has the other"),
        ("Password", "no hash: the seed of its codes, sealed under a key that the password makes"),
        ("Links and recovery codes", "SHA-256 of each, when it was made and used"),
        ("Sessions", "SHA-256 of the cookie, how and when the person proved who it is, last use"),
        ("Readers", "the person, and its agency's administrator, who sees no digest"),
        ("In the access log", "each signing in and out, invitation and refusal, by worker id"),
        ("Key", "none of the gateway's"),
    ]
    return words.table(("What", "Answer"), rows)


def _notes(profile: Profile) -> str:
    """Return what there is to say of the notes that only their own agency reads."""
    kinds = ", ".join(f"`{kind}`" for kind in NoteKind)
    rows = [
        ("Kinds", kinds),
        ("In the clear", "case, agency, worker id, time, kind, digest of the salted text"),
        ("Content", "`text`, sealed by the agency to its own key before it leaves"),
        ("Readers", "the agency that wrote it; for every other agency it is not there"),
        ("In the access log", "that it was kept or read, for its agency and the auditor"),
        ("Legal bases", "those of the agency, below"),
        ("Retention", profile.legal.retention[Category.D23]),
        ("Key", _key(DataClass.OWNER)),
    ]
    return words.table(("What", "Answer"), rows)


def _returns(profile: Profile) -> str:
    """Return what there is to say of returns as they were sent."""
    rows = [
        (
            "In the clear",
            "conference, case, agency, worker id, times, version, digest, whether nil",
        ),
        ("Content", "`research/1` as it was signed, or as it was written on a page"),
        ("Readers", "the agency that returned it; of the times also who runs the conference"),
        ("Kept back", "the others learn how many things, by coded reason; never what"),
        ("In the access log", "that it was returned or read, by version and digest"),
        ("Legal bases", "those of the agency, below"),
        ("Retention", profile.legal.retention[Category.D24]),
        ("Key", "the case's key: the gateway can read it, unlike a private note"),
    ]
    return words.table(("What", "Answer"), rows)


def _typed() -> str:
    """Return what there is to say of drafts and of attached originals."""
    rows = [
        ("Draft, in the clear", "writer's agency and worker id, times; kind and size of each file"),
        ("Draft, content", "what was typed and attached so far; never her safe contact or address"),
        ("Draft, readers", "the people who type in at the writer's agency"),
        ("Draft, retention", "until it is sent or dropped, or the clock CLK_DRAFT runs out"),
        ("Draft, key", "one of its own, under the key provider; it goes with the draft"),
        (
            "Original, in the clear",
            "case, referral, agencies, worker id, time, kind of document, type and size of the"
            " file, its digest; never a name of a file",
        ),
        ("Original, retention", "as the case"),
        ("Original, key", "the case's key: it is erased with the case"),
    ]
    return words.table(("What", "Answer"), rows)


def _receipts(profile: Profile) -> str:
    """Return what there is to say of the receipts that are kept of each disclosure."""
    rows = [
        ("In the clear", "case, agency, time, form of the answer"),
        ("Content", "worker id, purpose, bases, levels, reasons and versions; no text of a case"),
        ("Readers", "the agency that was given it, the case's coordinator, the area's auditor"),
        ("Legal bases", "those of the reader, below"),
        ("Retention", profile.legal.retention[Category.D27]),
        ("Key", "the case's key: a receipt goes with its case"),
    ]
    return words.table(("What", "Answer"), rows)


def _notices() -> str:
    """Return what there is to say of notices."""
    rows = [
        (
            "In the mail",
            "a neutral sentence and the address of the desk; no case, agency or person",
        ),
        ("In the clear", "mailboxes of duties, not of persons; case, agency, rung, times, result"),
        ("Readers", "the agencies in the case; an agency its own mailboxes"),
        ("Retention", "what was told of a case goes with the case"),
        ("Key", "none: nothing in it tells a story"),
    ]
    return words.table(("What", "Answer"), rows)


def _meetings(profile: Profile) -> str:
    """Return what there is to say of attendance and presence."""
    rows = [
        ("In the clear", "conference, agency, worker id, as what, times; of presence the case"),
        ("Signed", "version and SHA-256 of the declaration, with the time; the line in the log"),
        ("Readers", "an agency its own people, who runs the conference all; of a case those in it"),
        ("Retention", profile.legal.retention[Category.D24] + "; presence goes with its case"),
        ("Key", "none: nothing in it tells a story"),
    ]
    return words.table(("What", "Answer"), rows)


def _paths(paths: list[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _levels(matrix: Matrix, section: str) -> str:
    """Return the kinds that can read the section, by the highest level of their cell."""
    category = matrix.section_category[section]
    if section in matrix.owned:
        return "its owner alone"
    kinds: dict[Level, list[str]] = {}
    for kind in COLUMNS:
        ways = [
            way.level
            for way in matrix.cells[category, kind]
            if not way.sections or section in way.sections
        ]
        if ways:
            kinds.setdefault(max(ways, key=lambda level: RANK[level]), []).append(kind.value)
    ordered = (level for level in Level if level in kinds)
    return "; ".join(f"{words.level(level)}: {', '.join(kinds[level])}" for level in ordered)


def _readers(matrix: Matrix, section: str, stage: Stage) -> str:
    """Return whom a stage lets at the section, besides its contributor."""
    category, limit = matrix.section_category[section], matrix.stages[stage]
    if section in matrix.owned:
        return "nobody"
    who = [f"{role} role" for role in sorted(limit.whole_column)]
    if limit.if_present:
        who.append("whoever is present")
    if section in matrix.returned:
        return ", ".join(who)
    if category in matrix.named:
        who.append("recipients named by a rule or duty")
    if category in limit.at_most:
        who.append(f"others up to {words.level(limit.at_most[category])}")
    return ", ".join(who)


def _key(data_class: DataClass) -> str:
    match data_class:
        case DataClass.GATEWAY:
            return "GATEWAY: the section's key, wrapped by the case's key"
        case DataClass.OWNER:
            return "OWNER: the owning agency's key; the gateway cannot read it"
        case DataClass.EXCLUSIVE:
            return "EXCLUSIVE: each recipient's own key; the gateway cannot read it"
        case _:
            assert_never(data_class)


def _kinds_table(legal: LegalTable) -> str:
    rows = [
        (kind.value, ", ".join(f"`{code}`" for code in legal.kinds[kind])) for kind in AgencyKind
    ]
    return words.table(("Kind of agency", "Bases it relies on"), rows)


def _bases_table(legal: LegalTable) -> str:
    rows = [
        (f"`{basis.code}`", basis.title, basis.effective_from.isoformat(), _only_for(basis))
        for basis in legal.bases.values()
    ]
    return words.table(("Code", "Basis", "Counts from", "Only for"), rows)


def _only_for(basis: Basis) -> str:
    if basis.is_for_child_or_care_needs_only:
        return "children, adults with needs for care and support"
    return words.NOTHING
