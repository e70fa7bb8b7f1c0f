"""Owns the second wall as data: one row for each table, with the reason for it.

A table without a row is reached by nobody, and fails a test. What a predicate may say is told in
gateway.store.wall.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.store.wall import ALL, Act, System, Wall

R, A, C = Act.READ, Act.ADD, Act.CHANGE
_ACTS = {"r": Act.READ, "a": Act.ADD, "c": Act.CHANGE, "d": Act.REMOVE}

ANYBODY = "{me} IS NOT NULL"
OWN = "{row}.agency_id = {me}"
IN_CASE = "{member:case_id}"
HAS_PARTY = "EXISTS (SELECT 1 FROM party pa WHERE pa.id = {row}.party_id AND {member:pa.case_id})"
SENT = (
    "EXISTS (SELECT 1 FROM referral re WHERE re.reference = {row}.reference"
    " AND (re.agency_id = {me} OR re.entered_agency_id = {me}))"
)
ENTERS = (  # a coordinator types in what came by e-mail or telephone from somebody else
    "coalesce({row}.entered_agency_id, '') = {me}"
    " AND EXISTS (SELECT 1 FROM agency ae WHERE ae.id = {me} AND ae.kind = 'COORDINATOR')"
)
WITNESSED = (
    "EXISTS (SELECT 1 FROM log_witness wi WHERE wi.id = {row}.witness_id AND wi.agency_id = {me})"
)
ATTENDED = (
    "EXISTS (SELECT 1 FROM conference_attendee ca"
    " WHERE ca.conference_id = {row}.conference_id AND ca.agency_id = {me})"
)
RUN = (
    "EXISTS (SELECT 1 FROM conference co WHERE co.id = {row}.conference_id AND co.agency_id = {me})"
)
LISTED = "EXISTS (SELECT 1 FROM conference_case cc WHERE cc.case_id = {row}.case_id)"

DRAFTED = "EXISTS (SELECT 1 FROM draft dr WHERE dr.id = {row}.draft_id AND dr.agency_id = {me})"

# --- auditors -----------------------------------------------------------------------------------

OF_AREA = (
    "EXISTS (SELECT 1 FROM agency au"
    " WHERE au.id = {me} AND au.kind = 'AUDITOR' AND au.area = {row}.area)"
)
AUDITED = (
    'EXISTS (SELECT 1 FROM agency au JOIN "case" ac ON ac.area = au.area'
    " WHERE au.id = {me} AND au.kind = 'AUDITOR' AND ac.id = {row}.case_id)"
)
AUDITED_AFTER = (  # the case was erased, its log stays
    "EXISTS (SELECT 1 FROM agency au JOIN tombstone st ON st.area = au.area"
    " WHERE au.id = {me} AND au.kind = 'AUDITOR' AND st.case_id = {row}.case_id)"
)
IN_LOG = f"{OWN} OR {IN_CASE} OR {AUDITED} OR {AUDITED_AFTER}"

# --- keys of the log: a case's, or a month's for entries without a case ("2026-11") ---------------

OF_MONTH = "(length({row}.subject) = 7 AND ({me} NOT LIKE '@%' OR {me} = '@operator'))"
AUDITED_SUBJECT = f"{AUDITED} OR {AUDITED_AFTER}".replace(
    "{row}.case_id", "CAST({row}.subject AS CHAR(36))"
)
IN_SUBJECT = f"{OF_MONTH} OR {{member:subject}} OR {AUDITED_SUBJECT}"

# --- who keeps one case ---------------------------------------------------------------------------

KEPT = "{me} = '@keeper:' || {row}.case_id"
LINK_KEPT = f"{KEPT} OR {{me}} = '@keeper:' || {{row}}.other_id"
PARTY_KEPT = (
    "EXISTS (SELECT 1 FROM party pk WHERE pk.id = {row}.party_id"
    " AND {me} = '@keeper:' || pk.case_id)"
)
VERSION_KEPT = (
    "EXISTS (SELECT 1 FROM referral rk WHERE rk.reference = {row}.reference"
    " AND {me} = '@keeper:' || rk.case_id)"
)
ANSWERED_IN_KEPT = (
    "EXISTS (SELECT 1 FROM assignment ak WHERE ak.agency_id = {row}.agency_id"
    " AND {me} = '@keeper:' || ak.case_id)"
    " OR EXISTS (SELECT 1 FROM referral rk WHERE rk.agency_id = {row}.agency_id"
    " AND {me} = '@keeper:' || rk.case_id)"
)


def _may(acts: str, predicate: str) -> dict[Act, str]:
    return {_ACTS[letter]: predicate for letter in acts}


def _all(acts: str) -> dict[Act, str]:
    return _may(acts, ALL)


_KEEPING = {System.KEEPER: _all("rc")}

WALLS: Mapping[str, Wall] = {
    # --- who is calling -----------------------------------------------------------------------
    "agency": Wall(
        "The directory: partners may know each other, whatever they do.",
        _may("r", ANYBODY),
        {System.OPERATOR: _all("ac")},
    ),
    "agency_key": Wall(
        "The directory's public keys: partners seal to each other and check signatures.",
        _may("r", ANYBODY),
        {System.OPERATOR: _all("ac")},
    ),
    "hosted_key": Wall(
        "The wrapped private part of a key that lies here for an agency without software.",
        _may("r", OWN),
        {System.OPERATOR: _all("a"), **_KEEPING},
    ),
    "enrolment": Wall("What operators ask for and approve.", {}, {System.OPERATOR: _all("rac")}),
    "key_event": Wall(
        "The history of partners' keys, public to partners; nobody changes or removes a line.",
        _may("r", ANYBODY),
        {System.OPERATOR: _all("a")},
    ),
    "agency_scope": Wall(
        "What an agency may ask for; read before it is known who asks.",
        _may("r", OWN),
        {System.ROUTING: _all("r"), System.OPERATOR: _all("ra")},
    ),
    "worker": Wall(
        "An agency's own people; who chairs is looked at where the wall of a case is decided.",
        _may("r", OWN),
        {System.OPERATOR: _all("rac"), System.MATCHING: _all("r")},
    ),
    "worker_key": Wall(
        "Workers' own public keys: partners seal to them. An agency registers those of its own.",
        {R: ANYBODY, A: OWN, C: OWN},
    ),
    "interest": Wall(
        "Whom a worker is close to. Its colleagues see it through no door.",
        _may("rad", OWN),
        _KEEPING,
    ),
    "interest_token": Wall(
        "Keyed values of interests, compared with those of every case.",
        _may("rad", OWN),
        {System.MATCHING: _all("r"), System.KEEPER: _all("rad")},
    ),
    "person_role": Wall(
        "What an agency's own people do at the desk; its administrator settles it there.",
        _may("rad", OWN),
        {System.OPERATOR: _all("rad")},
    ),
    "passkey": Wall(
        "Public keys of an agency's own people; whose one is, is looked up before it is known.",
        _may("rac", OWN),
        {System.ROUTING: _all("r")},
    ),
    "password": Wall("What an agency's own people's passwords open.", _may("racd", OWN)),
    "sign_on": Wall(
        "Whom a provider's subject is among an agency's own people; looked up before it is known.",
        _may("racd", OWN),
        {System.ROUTING: _all("r")},
    ),
    "one_time": Wall(
        "Invitations and codes of an agency's own people, as digests.",
        _may("racd", OWN),
        {System.OPERATOR: _all("a")},
    ),
    "desk_session": Wall(
        "Where an agency's own people are signed in, by digests.", _may("rac", OWN)
    ),
    "revoked_token": Wall(
        "Random ids of tokens, looked up on each request; no row says whose.",
        _may("ra", ANYBODY),
        {System.CLOCK: _all("d")},
    ),
    "document_jti": Wall("Which documents an agency sent.", _may("rad", OWN)),
    "answer": Wall(
        "What an agency was answered.",
        _may("ra", OWN),
        keeper=_may("rd", ANSWERED_IN_KEPT),
    ),
    # --- cases --------------------------------------------------------------------------------
    "case": Wall(
        "Known to those who have a part in it, and to the auditor of its area.",
        {
            R: f"{{row}}.referrer_id = {{me}} OR {{member:id}} OR {OF_AREA}",
            A: "{row}.referrer_id = {me}",
            C: "{row}.referrer_id = {me} OR {member:id}",
        },
        {System.ROUTING: _all("r"), System.MATCHING: _all("r"), System.NOTIFIER: _all("r")},
        keeper=_may("rcd", "{me} = '@keeper:' || {row}.id"),
    ),
    "case_key": Wall(
        "Opens a case, with the key provider.",
        _may("ra", IN_CASE),
        _KEEPING,
        keeper=_may("racd", KEPT),  # an exchanged key is emptied, and its row stays
    ),
    "referral": Wall(
        "The sender's, and the way into its case for who has a part in it. A coordinator adds one"
        " for another agency, and stands in it.",
        {R: f"{OWN} OR {IN_CASE} OR {AUDITED}", A: f"{OWN} OR ({ENTERS})"},
        {System.ROUTING: _all("r"), System.MATCHING: _all("r"), System.CLOCK: {R: LISTED}},
        keeper=_may("rd", KEPT),
    ),
    "referral_version": Wall(
        "A document as its sender signed it, or as it was typed in on a page.",
        _may("ra", SENT),
        keeper=_may("rcd", VERSION_KEPT),
    ),
    "private_note": Wall(
        "An agency's own note in a case, sealed to itself; who shares the case sees none of it.",
        _may("ra", f"{OWN} AND {IN_CASE}"),
        keeper=_may("rcd", KEPT),
    ),
    "section": Wall("Sealed text of a case.", _may("rac", IN_CASE), keeper=_may("rcd", KEPT)),
    "section_grant": Wall("Keys of sealed text.", _may("rad", IN_CASE), keeper=_may("rad", KEPT)),
    "seal_request": Wall(
        "Sealed copies that are owed in a case.", _may("rac", IN_CASE), keeper=_may("rcd", KEPT)
    ),
    "state": Wall(
        "How a case stands; an earlier case's is looked at when people are found again.",
        {R: f"{IN_CASE} OR {AUDITED}", A: IN_CASE},
        {System.MATCHING: _all("r"), System.NOTIFIER: _all("r")},
        keeper=_may("rd", KEPT),
    ),
    "position": Wall("What the victim wants.", _may("ra", IN_CASE), keeper=_may("rcd", KEPT)),
    "risk": Wall(
        "What is at stake; of a listed case its place on the agenda follows from it.",
        _may("ra", IN_CASE),
        {System.CLOCK: {R: LISTED}, System.NOTIFIER: _all("r")},
        keeper=_may("rcd", KEPT),
    ),
    "consent": Wall(
        "What the consent table decided.",
        _may("ra", IN_CASE),
        keeper=_may("rd", KEPT),
    ),
    "override": Wall(
        "That a record of sharing against her word came in.",
        _may("ra", IN_CASE),
        keeper=_may("rd", KEPT),
    ),
    "recall": Wall(
        "A referrer asks for its referral back.", _may("ra", IN_CASE), keeper=_may("rd", KEPT)
    ),
    "assignment": Wall(
        "Who has a part in a case. An agency's own rows are what all else here rests on.",
        {R: f"{OWN} OR {IN_CASE}", A: IN_CASE, C: IN_CASE},
        {System.ROUTING: _all("r"), System.MATCHING: _all("r"), System.NOTIFIER: _all("r")},
        keeper=_may("rd", KEPT),
    ),
    "acknowledgement": Wall(
        "What an agency answered, for those in the case; of two that accuse each other, who acts.",
        {R: IN_CASE, A: f"{OWN} AND {IN_CASE}"},
        {System.MATCHING: _all("r"), System.NOTIFIER: _all("r")},
        keeper=_may("rd", KEPT),
    ),
    "feedback": Wall(
        "What the coordinator released.", _may("ra", IN_CASE), keeper=_may("rd", KEPT)
    ),
    "link": Wall(
        "Cases that may belong together, known from the later one; a person says whether they do.",
        _may("rac", IN_CASE),
        {System.ROUTING: _all("r"), System.MATCHING: _all("r")},
        keeper=_may("rd", LINK_KEPT),
    ),
    "party": Wall(
        "That a case has a victim and perpetrators; no name.",
        _may("rad", IN_CASE),
        {System.MATCHING: _all("r"), System.KEEPER: _all("r")},
        keeper=_may("rad", KEPT),
    ),
    "party_token": Wall(
        "The blind index of people.",
        _may("rad", HAS_PARTY),
        {System.MATCHING: _all("r")},
        keeper=_may("rad", PARTY_KEPT),
    ),
    "case_token": Wall(
        "Keyed values of the people of a case, compared with those of every worker.",
        _may("rad", IN_CASE),
        {System.MATCHING: _all("r")},
        keeper=_may("rad", KEPT),
    ),
    "conflict_act": Wall(
        "Who stands behind the wall of a case, and who reads in that one's place.",
        _may("ra", IN_CASE),
        {System.MATCHING: _all("r")},
        keeper=_may("rcd", KEPT),
    ),
    "counter_review": Wall(
        "Who of two that accuse each other is found to be the victim.",
        _may("ra", IN_CASE),
        keeper=_may("racd", KEPT),
    ),
    "held_text": Wall(
        "Where something was held back, for those in the case; a reader adds its own.",
        {R: IN_CASE, A: f"{OWN} AND {IN_CASE}"},
        keeper=_may("rad", KEPT),
    ),
    "release": Wall(
        "Which team may know where she is; a reader asks, who coordinates the case says.",
        _may("rac", IN_CASE),
        keeper=_may("rd", KEPT),
    ),
    "redaction": Wall(
        "Where words are to be taken out, for those in the case.",
        _may("rac", IN_CASE),
        keeper=_may("rd", KEPT),
    ),
    "glass": Wall(
        "Looks behind the need to know: one's own, and for those in the case and its auditor.",
        {R: f"{OWN} OR {IN_CASE} OR {AUDITED}", C: IN_CASE},
        keeper=_may("racd", KEPT),
    ),
    "approval": Wall(
        "Sections opened case by case: who asked, and who answers for it.",
        {R: IN_CASE, A: f"{OWN} AND {IN_CASE}", C: IN_CASE},
        keeper=_may("rcd", KEPT),
    ),
    "receipt": Wall(
        "What an agency was given of a case, sealed for that case.",
        {R: IN_CASE, A: f"{OWN} AND {IN_CASE}"},
        {System.NOTIFIER: _all("r")},
        keeper=_may("racd", KEPT),  # of a look behind the glass, and for the auditor
    ),
    "feed": Wall(
        "What is new for an agency; whoever has a part in a case may announce it to others.",
        {R: OWN, A: IN_CASE},
        {System.SEQUENCER: _all("rc")},
        keeper=_may("rad", KEPT),
    ),
    # --- what is typed in -----------------------------------------------------------------------
    "draft": Wall(
        "What an agency's own people are typing in; nobody else's, until it is sent.",
        _may("racd", OWN),
        {System.CLOCK: _all("rd"), **_KEEPING},
    ),
    "draft_file": Wall(
        "A file of a draft, for whose the draft is.",
        _may("rad", DRAFTED),
        {System.CLOCK: _all("rd")},
    ),
    "attachment": Wall(
        "An original that came with a referral, sealed for its case.",
        _may("ra", IN_CASE),
        keeper=_may("rcd", KEPT),
    ),
    # --- notices ------------------------------------------------------------------------------
    "contact": Wall(
        "Where notices go; an agency sees its own, operators write them down.",
        _may("r", OWN),
        {System.OPERATOR: _all("rac"), System.NOTIFIER: _all("r")},
    ),
    "announcement": Wall(
        "Up to where an agency was told that something is new.",
        {},
        {System.NOTIFIER: _all("rac")},
    ),
    "notice": Wall(
        "That nobody has read a high-risk case, for those in it.",
        {R: IN_CASE},
        {System.NOTIFIER: _all("rac")},
        keeper=_may("rd", KEPT),
    ),
    "action_notice": Wall(
        "That an action is overdue and who was told, for those in the case.",
        {R: IN_CASE},
        {System.NOTIFIER: _all("rac")},
        keeper=_may("rd", KEPT),
    ),
    "beat": Wall(
        "When the worker looked last: whoever relies on it may see.",
        _may("r", ANYBODY),
        {System.NOTIFIER: _all("ac")},
    ),
    "action": Wall(
        "What was agreed, by codes and days; of a listed case its place follows from what is open.",
        _may("ra", IN_CASE),
        {System.CLOCK: {R: LISTED}, System.NOTIFIER: _all("r")},
        keeper=_may("rd", KEPT),
    ),
    "action_step": Wall(
        "What became of it: nobody changes a step.",
        _may("ra", IN_CASE),
        {System.CLOCK: {R: LISTED}, System.NOTIFIER: _all("r")},
        keeper=_may("rd", KEPT),
    ),
    "flag": Wall(
        "That a case was heard within the period, and until when.",
        _may("ra", IN_CASE),
        keeper=_may("rd", KEPT),
    ),
    "tombstone": Wall(
        "That there was a case, for the auditor of its area.",
        {R: OF_AREA},
        keeper=_may("ra", KEPT),
    ),
    # --- conferences --------------------------------------------------------------------------
    "conference": Wall(
        "When an area's conference meets; it names no case.",
        {R: ANYBODY, A: OWN, C: OWN},
    ),
    "conference_attendee": Wall(
        "Who attends, for who runs it; each attendee sees itself.",
        {R: f"{OWN} OR {RUN}", A: RUN},
    ),
    "conference_case": Wall(
        "What is heard there, for attendees and for those in the case.",
        {R: f"{ATTENDED} OR {IN_CASE}", A: f"{RUN} AND {IN_CASE}", C: f"{RUN} AND {IN_CASE}"},
        {System.MATCHING: _all("r"), System.CLOCK: _all("r")},
        keeper=_may("rd", KEPT),
    ),
    "attendance": Wall(
        "Who is at a conference and signed, for who runs it; each agency sees its own people.",
        {
            R: f"{OWN} OR {RUN}",
            A: f"({OWN} AND {ATTENDED}) OR {RUN}",
            C: f"({OWN} AND {ATTENDED}) OR {RUN}",
        },
    ),
    "presence": Wall(
        "Who was in the room while a case was heard, for those in the case.",
        {R: IN_CASE, A: f"{RUN} AND {IN_CASE}", C: f"{RUN} AND {IN_CASE}"},
        keeper=_may("rd", KEPT),
    ),
    "research_request": Wall(
        "Who was asked about a case and has answered, for who runs the conference; own ones.",
        {R: f"{OWN} OR {RUN}", A: f"{RUN} AND {IN_CASE}", C: f"{OWN} AND {IN_CASE}"},
        keeper=_may("rd", KEPT),
    ),
    "research_return": Wall(
        "What an agency returned, as it was sent; who shares the case sees no row of it.",
        _may("ra", f"{OWN} AND {IN_CASE}"),
        keeper=_may("rcd", KEPT),
    ),
    # --- keys and the access log --------------------------------------------------------------
    "epoch": Wall(
        "Names and dates of the key provider's own keys, for who keeps them.",
        {},
        {System.KEEPER: _all("racd")},
    ),
    "key_job": Wall(
        "Which exchange of keys is under way.",
        {},
        {System.KEEPER: _all("racd")},  # changed where a clock was ahead
    ),
    "log_key": Wall(
        "Opens the log of a case, for those in it, or of a month; with the key provider.",
        _may("ra", IN_SUBJECT),
        {System.SEQUENCER: _all("ra"), **_KEEPING},
    ),
    "agency_log_key": Wall(
        "Makes the tags of an agency's entries; handed out once, when it is enrolled.",
        {},
        {System.SEQUENCER: _all("rac"), System.OPERATOR: _all("ra"), **_KEEPING},
    ),
    "log_pending": Wall(
        "Lines that wait; a queue, which the sequencer empties.",
        {R: IN_LOG, A: OWN},
        {System.SEQUENCER: _all("rad")},
    ),
    "log_entry": Wall(
        "The log. Nobody changes or removes a line of it.",
        {R: IN_LOG},
        {System.SEQUENCER: _all("ra")},
    ),
    "log_node": Wall(
        "Hashes of whole subtrees, published. Nobody changes or removes one.",
        _may("r", ANYBODY),
        {System.SEQUENCER: _all("a")},
    ),
    "checkpoint": Wall(
        "Signed roots, published. Nobody changes or removes one.",
        _may("r", ANYBODY),
        {System.SEQUENCER: _all("a")},
    ),
    "log_witness": Wall(
        "Who countersigns the log, published; an agency names its own key.",
        {R: ANYBODY, A: OWN},
    ),
    "log_cosignature": Wall(
        "What witnesses signed, published. Nobody changes or removes one.",
        {R: ANYBODY, A: WITNESSED},
    ),
    "counter": Wall("How often an agency did what discloses nothing.", _may("rac", OWN)),
}
