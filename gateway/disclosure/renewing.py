"""Owns giving a case a new key: everything sealed for it is sealed anew, in one transaction."""

from __future__ import annotations

from gateway.disclosure.boxes import GATEWAY, CaseKey, open_case_key, open_value, seal_value
from gateway.ledger import Work
from gateway.sealing import cells
from gateway.sealing import sections as seal
from gateway.sealing.keys import case_context
from gateway.store import (
    attachments,
    dated,
    private_notes,
    receipts,
    referrals,
    research,
    seal_requests,
    sections,
)
from gateway.store.sections import GrantRow

_DATED = (
    ("position", "account"),
    ("risk", "needs"),
    ("conflict_act", "account"),
    ("counter_review", "account"),
    ("glass", "account"),
    ("glass", "review"),
    ("approval", "account"),
    ("approval", "answer"),
)


def renew_case_key(work: Work, case_id: str) -> int:
    """Seal a case under a new key, with new section keys, and destroy the old; its generation.

    The contents are opened within and nothing of them comes out. The caller recorded it before.
    """
    work.may_commit()
    old = open_case_key(work, case_id)
    raw = cells.new_key()
    new = CaseKey(case_id, old.gen + 1, raw)
    epoch, wrapped = work.keys.provider.wrap(raw, case_context(case_id, new.gen))
    sections.drop_case_keys(work.session, case_id)
    sections.add_case_key(
        work.session, case_id=case_id, gen=new.gen, epoch=epoch, wrapped=wrapped, made_at=work.now
    )
    _sections(work, old, new)
    for table, column in _DATED:
        for seq, cell in dated.list_sealed(work.session, table, column, case_id):
            value = open_value(old, table=table, column=column, row=case_id, cell=cell)
            sealed = seal_value(new, table=table, column=column, row=case_id, value=value)
            dated.set_sealed(work.session, table, column, case_id, seq, sealed)
    for reference, version, cell in referrals.list_documents(work.session, case_id):
        place = {
            "table": "referral_version",
            "column": "document",
            "row": f"{reference}/{version}",
        }
        sealed = seal_value(new, **place, value=open_value(old, **place, cell=cell))
        referrals.set_document(work.session, reference, version, sealed)
    _documents(work, old, new)
    return new.gen


def _documents(work: Work, old: CaseKey, new: CaseKey) -> None:
    """Put signed documents about single sections and notes under the new key."""
    session, case_id = work.session, new.case_id
    for source_id, agency_id, cell in seal_requests.list_sealed(session, case_id):
        place = {
            "table": "seal_request",
            "column": "document",
            "row": f"{source_id}/{agency_id}",
        }
        sealed = seal_value(new, **place, value=open_value(old, **place, cell=cell))
        seal_requests.set_sealed(
            session, case_id, source_id=source_id, agency_id=agency_id, document=sealed
        )
    for note_id, cell in private_notes.list_sealed(session, case_id):
        place = {"table": "private_note", "column": "document", "row": note_id}
        sealed = seal_value(new, **place, value=open_value(old, **place, cell=cell))
        private_notes.set_sealed(session, note_id, sealed)
    for each in research.list_sealed(session, case_id):
        place = {
            "table": "research_return",
            "column": "document",
            "row": f"{each.conference_id}/{each.agency_id}/{each.version}",
        }
        sealed = seal_value(new, **place, value=open_value(old, **place, cell=each.document))
        research.set_sealed(session, each, sealed)
    for attachment_id, cell in attachments.list_sealed(session, case_id):
        place = {"table": "attachment", "column": "content", "row": attachment_id}
        sealed = seal_value(new, **place, value=open_value(old, **place, cell=cell))
        attachments.set_sealed(session, attachment_id, sealed)
    for row in receipts.list_of_case(session, case_id):
        place = {"table": "receipt", "column": "content", "row": row.id}
        sealed = seal_value(new, **place, value=open_value(old, **place, cell=row.content))
        receipts.set_sealed(session, row.id, sealed)


def _sections(work: Work, old: CaseKey, new: CaseKey) -> None:
    """Put every section, also one that was superseded, and every grant under new keys."""
    case_id = new.case_id
    fresh: dict[str, bytes] = {}
    for section_id, blob, content in sections.list_all_sealed(work.session, case_id):
        place = {"case_id": case_id, "section_id": section_id}
        section_key = seal.open_grant(old.key, blob, **place, agency_id=GATEWAY)
        plain = seal.open_section_content(section_key, content, **place)
        fresh[section_id] = seal.new_section_key()
        sections.set_sealed(
            work.session,
            section_id=section_id,
            key=seal.wrap_grant(new.key, fresh[section_id], **place, agency_id=GATEWAY),
            content=seal.seal_section_content(
                fresh[section_id], plain, case_id=case_id, section_id=section_id
            ),
        )
    held = sections.list_grants(work.session, case_id)
    sections.drop_grants(work.session, case_id=case_id, section_ids=sorted(fresh))
    sections.add_grants(
        work.session,
        [
            GrantRow(
                grant.section_id,
                grant.agency_id,
                case_id,
                seal.wrap_grant(
                    new.key,
                    fresh[grant.section_id],
                    case_id=case_id,
                    section_id=grant.section_id,
                    agency_id=grant.agency_id,
                ),
            )
            for grant in held
        ],
    )
