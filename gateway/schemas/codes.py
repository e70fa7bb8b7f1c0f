"""Owns every published code. A value, once published, never changes and is never reused."""

from __future__ import annotations

from enum import StrEnum


class AgencyKind(StrEnum):
    """Kind of a partner agency, in the column order of the need-to-know matrix."""

    COORDINATOR = "COORDINATOR"
    IDVA = "IDVA"
    POLICE = "POLICE"
    PROBATION = "PROBATION"
    CSC = "CSC"
    ASC = "ASC"
    ACUTE = "ACUTE"
    PRIMARY_CARE = "PRIMARY_CARE"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    SUBSTANCE_USE = "SUBSTANCE_USE"
    EDUCATION = "EDUCATION"
    LANDLORD = "LANDLORD"
    LA_HOUSING = "LA_HOUSING"
    PERP_PROGRAMME = "PERP_PROGRAMME"
    REFUGE = "REFUGE"
    AUDITOR = "AUDITOR"
    OTHER = "OTHER"  # has no column: may refer, is shown nothing but its own


class Purpose(StrEnum):
    """Why a caller reads (need-to-know purposes P1 to P11)."""

    P1 = "P1"  # identify risk
    P2 = "P2"  # victim safety plan
    P3 = "P3"  # child safety
    P4 = "P4"  # adult safeguarding
    P5 = "P5"  # manage the perpetrator
    P6 = "P6"  # staff safety
    P7 = "P7"  # housing safety
    P8 = "P8"  # evidence for orders
    P9 = "P9"  # coordinate
    P10 = "P10"  # audit
    P11 = "P11"  # statistics


class Category(StrEnum):
    """The data categories of the need-to-know matrix."""

    D01 = "D01"  # victim identity
    D02 = "D02"  # victim address known to the perpetrator
    D03 = "D03"  # protected address or refuge
    D04 = "D04"  # safe contact
    D05 = "D05"  # perpetrator identity and address
    D06 = "D06"  # children: identity, school
    D07 = "D07"  # incident narrative
    D08 = "D08"  # risk level and instrument total, and who referred
    D09 = "D09"  # risk instrument answers
    D10 = "D10"  # physical health, injuries
    D11 = "D11"  # mental health, suicidality
    D12 = "D12"  # substance use
    D13 = "D13"  # sexual violence
    D14 = "D14"  # sexual orientation, gender identity
    D15 = "D15"  # ethnicity, religion, language; immigration
    D16 = "D16"  # the victim's own offending
    D17 = "D17"  # perpetrator convictions, intelligence
    D18 = "D18"  # bail, orders, court dates
    D19 = "D19"  # tenancy, arrears, repairs, nuisance
    D20 = "D20"  # finances, economic abuse
    D21 = "D21"  # employment
    D22 = "D22"  # who informed
    D23 = "D23"  # IDVA casework notes
    D24 = "D24"  # full minutes
    D25 = "D25"  # actions
    D26 = "D26"  # conference flag, 12 months
    D27 = "D27"  # override record and access log


class Level(StrEnum):
    """How much of a section a reader gets."""

    FULL = "FULL"
    SUMMARY = "SUMMARY"
    INDICATOR = "INDICATOR"
    CASE_BY_CASE = "CASE_BY_CASE"
    NONE = "NONE"


class DataClass(StrEnum):
    """Who can read a section at all: the gateway, its owner alone, or named recipients alone."""

    GATEWAY = "GATEWAY"
    OWNER = "OWNER"
    EXCLUSIVE = "EXCLUSIVE"


class Custody(StrEnum):
    """Where an agency's private encryption key lies."""

    OWN = "OWN"
    HOSTED = "HOSTED"


class Enrolling(StrEnum):
    """What takes two operators: to let an agency in, or to give it other keys."""

    REGISTER = "REGISTER"
    REKEY = "REKEY"


class KeyEvent(StrEnum):
    """What became of an agency's key, or of all of them, as the access log shows partners."""

    ADDED = "ADDED"
    ENDED = "ENDED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"


class Limited(StrEnum):
    """What an agency, or everybody together, may do so often and no oftener."""

    TOKENS = "tokens"
    SIGN_IN = "sign_in"
    MATCH = "match"
    EXPORT = "export"
    READ = "read"
    WRITE = "write"
    PUBLIC = "public"


class NoteKind(StrEnum):
    """What an agency keeps for itself alone (class OWNER)."""

    RESEARCH = "RESEARCH"
    CASEWORK = "CASEWORK"


class Closeness(StrEnum):
    """Who somebody is to a worker that declares an interest."""

    SELF = "SELF"
    RELATIVE = "RELATIVE"
    FORMER_RELATIONSHIP = "FORMER_RELATIONSHIP"
    CLOSE_FRIEND = "CLOSE_FRIEND"


class ConflictAct(StrEnum):
    """What is decided about the conflict wall of one case; rows are added, none is changed."""

    DEPUTY = "DEPUTY"  # reads where its agency is tied
    END_DEPUTY = "END_DEPUTY"
    CONFIRM = "CONFIRM"  # a newcomer whom the coordinator knows of
    EXCLUDE = "EXCLUDE"  # set aside by hand, or by its own word
    LIFT = "LIFT"  # the chair found a hit to be somebody else, or an exclusion to be over
    EMPLOYER = "EMPLOYER"  # found by the gateway: the agency employs somebody in the case
    RESTRICT = "RESTRICT"  # found by the gateway: the victim is a partner's staff


class ReleaseAct(StrEnum):
    """What a second person says of giving a team where she is, or how to reach her."""

    SERVES = "SERVES"  # this agency works with the alleged perpetrator, too
    APPROVE = "APPROVE"
    REFUSE = "REFUSE"


class ReleaseState(StrEnum):
    """How it stands with giving it to one team in one case."""

    WAITING = "WAITING"  # for a second person; in danger it went first
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class ApprovalAct(StrEnum):
    """What is done about a section that the table gives case by case."""

    ASK = "ASK"
    APPROVE = "APPROVE"
    REFUSE = "REFUSE"
    END = "END"


class ApprovalState(StrEnum):
    """What became of a section that was asked for."""

    ASKED = "ASKED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    ENDED = "ENDED"


class RedactionAct(StrEnum):
    """What is said of taking words out of a section."""

    DRAFT = "DRAFT"
    CONFIRM = "CONFIRM"  # by whose section it is
    REJECT = "REJECT"


class RedactionState(StrEnum):
    """How it stands with words that somebody wants taken out."""

    DRAFTED = "DRAFTED"  # held from everybody but the owner until it says
    CONFIRMED = "CONFIRMED"  # for good; the original is kept, sealed
    REJECTED = "REJECTED"


class WorkerKeyAct(StrEnum):
    """What is done with a worker's own key."""

    REGISTER = "REGISTER"
    APPROVE = "APPROVE"  # by another worker of the agency
    END = "END"


class GlassFinding(StrEnum):
    """What a review of a broken glass found."""

    JUSTIFIED = "JUSTIFIED"
    NOT_JUSTIFIED = "NOT_JUSTIFIED"


class PrimaryVictim(StrEnum):
    """What a review of two who accuse each other found; A is the victim of this very record."""

    PRIMARY_VICTIM_A = "PRIMARY_VICTIM_A"
    PRIMARY_VICTIM_B = "PRIMARY_VICTIM_B"
    BIDIRECTIONAL_UNCLEAR = "BIDIRECTIONAL_UNCLEAR"
    INSUFFICIENT = "INSUFFICIENT"


class SealRequest(StrEnum):
    """What became of a request for a sealed copy."""

    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"


class CaseState(StrEnum):
    """Life of a referral from draft to destruction."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    TRIAGE = "TRIAGE"
    RETURNED = "RETURNED"
    LAPSED_ESCALATED = "LAPSED_ESCALATED"
    REJECTED = "REJECTED"
    REDIRECTED = "REDIRECTED"
    MERGED = "MERGED"
    ACCEPTED = "ACCEPTED"
    LISTED = "LISTED"
    RESEARCH = "RESEARCH"
    READY = "READY"
    DEFERRED = "DEFERRED"
    EMERGENCY = "EMERGENCY"
    HEARD = "HEARD"
    ACTIONS_OPEN = "ACTIONS_OPEN"
    RELISTED = "RELISTED"
    MONITORING = "MONITORING"
    TRANSFER_OUT_PENDING = "TRANSFER_OUT_PENDING"
    TRANSFERRED_OUT = "TRANSFERRED_OUT"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"
    RETAINED = "RETAINED"
    LEGAL_HOLD = "LEGAL_HOLD"
    DESTROYED = "DESTROYED"
    ABANDONED = "ABANDONED"


class Stage(StrEnum):
    """Where a case stands for need-to-know; several states share one stage."""

    BEFORE_LISTING = "BEFORE_LISTING"
    RESEARCH = "RESEARCH"
    MEETING = "MEETING"
    AFTER = "AFTER"
    MONITORING = "MONITORING"
    NONE = "NONE"


class Outcome(StrEnum):
    """What the consent table decides about one referral."""

    ALLOW = "ALLOW"
    ALLOW_OVERRIDE = "ALLOW_OVERRIDE"
    ALLOW_MIN = "ALLOW_MIN"
    ALLOW_BEST_INTERESTS = "ALLOW_BEST_INTERESTS"
    ALLOW_SUPPORT = "ALLOW_SUPPORT"
    ESCALATE = "ESCALATE"
    HOLD_RECORD = "HOLD_RECORD"
    NO_SHARE = "NO_SHARE"


class Recipient(StrEnum):
    """A kind of recipient that a consent rule or duty names; routing finds the agency."""

    MARAC = "MARAC"
    IDVA = "IDVA"
    POLICE = "POLICE"
    CSC = "CSC"
    ASC = "ASC"


class Duty(StrEnum):
    """A duty that fires whatever the consent table decides."""

    CSC = "CSC"
    ASC = "ASC"
    POLICE_999 = "POLICE_999"
    POLICE_CONSIDER = "POLICE_CONSIDER"


class RecordKind(StrEnum):
    """What must be written down with a consent decision."""

    SHARE = "SHARE"
    OVERRIDE = "OVERRIDE"
    CAPACITY_ASSESSMENT = "CAPACITY_ASSESSMENT"
    CAPACITY_NOTE = "CAPACITY_NOTE"
    BEST_INTERESTS = "BEST_INTERESTS"
    RISK_ASSESSMENT = "RISK_ASSESSMENT"
    POSITION = "POSITION"
    CONSULT_LEAD = "CONSULT_LEAD"
    DECISION_NOTE = "DECISION_NOTE"


class Position(StrEnum):
    """The victim's position on sharing; a fact, never a lawful basis."""

    GIVEN = "GIVEN"
    WITHHELD = "WITHHELD"
    WITHDRAWN = "WITHDRAWN"
    NOT_SOUGHT_UNSAFE = "NOT_SOUGHT_UNSAFE"
    NOT_SOUGHT_UNABLE = "NOT_SOUGHT_UNABLE"
    UNRECORDED = "UNRECORDED"


class RiskLevel(StrEnum):
    """Level of risk as the consent table reads it; HIGH is any conference criterion met."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    STANDARD = "STANDARD"
    UNASSESSED = "UNASSESSED"


class ProfessionalLevel(StrEnum):
    """A human's own judgement of the level; only ever raises."""

    NONE = "NONE"
    STANDARD = "STANDARD"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class ChildConcern(StrEnum):
    """Concern for a child (Children Act 1989 ss17 and 47)."""

    NONE = "NONE"
    IN_NEED = "IN_NEED"
    SIGNIFICANT_HARM = "SIGNIFICANT_HARM"


class Danger(StrEnum):
    """Danger from crime."""

    NONE = "NONE"
    SERIOUS = "SERIOUS"
    IMMINENT_LIFE = "IMMINENT_LIFE"


class Capacity(StrEnum):
    """Mental capacity to decide on sharing (Mental Capacity Act 2005); coercion makes DOUBT."""

    HAS = "HAS"
    LACKS = "LACKS"
    DOUBT = "DOUBT"


class AgeBand(StrEnum):
    """Age of the victim, as the rules need it."""

    U16 = "U16"
    AGE_16_17 = "16_17"
    AGE_18PLUS = "18PLUS"


class Criterion(StrEnum):
    """Why a case belongs at the conference."""

    VISIBLE_HIGH_RISK = "VISIBLE_HIGH_RISK"
    PROFESSIONAL_JUDGEMENT = "PROFESSIONAL_JUDGEMENT"
    POTENTIAL_ESCALATION = "POTENTIAL_ESCALATION"
    MARAC_REPEAT = "MARAC_REPEAT"
    HONOUR_BASED = "HONOUR_BASED"
    TRANSFER_IN = "TRANSFER_IN"


class ReturnReason(StrEnum):
    """Why triage sends a referral back."""

    MISSING_DOB_OR_NAME = "MISSING_DOB_OR_NAME"
    MISSING_PERP = "MISSING_PERP"
    NO_RATIONALE = "NO_RATIONALE"
    NO_RISK_ASSESSMENT = "NO_RISK_ASSESSMENT"
    CRITERIA_NOT_EVIDENCED = "CRITERIA_NOT_EVIDENCED"
    NO_SAFE_CONTACT = "NO_SAFE_CONTACT"
    CHILD_DETAILS_MISSING = "CHILD_DETAILS_MISSING"
    CONSENT_RECORD_INCOMPLETE = "CONSENT_RECORD_INCOMPLETE"
    WRONG_AREA = "WRONG_AREA"
    DUPLICATE = "DUPLICATE"
    UNDER_AGE = "UNDER_AGE"
    NOT_DOMESTIC_ABUSE = "NOT_DOMESTIC_ABUSE"
    QUALITY_OTHER = "QUALITY_OTHER"


class Need(StrEnum):
    """A need that routing looks at."""

    MALE = "MALE"
    LGBT = "LGBT"
    AGE_16_17 = "AGE_16_17"
    HBA = "HBA"
    DISABILITY = "DISABILITY"
    LANGUAGE = "LANGUAGE"


class Urgency(StrEnum):
    """How soon the referrer asks for a human."""

    ROUTINE = "ROUTINE"
    URGENT = "URGENT"
    EMERGENCY = "EMERGENCY"


class AddressClass(StrEnum):
    """Who knows an address; unknown to the perpetrator and refuge are protected."""

    KNOWN_TO_PERP = "KNOWN_TO_PERP"
    UNKNOWN_TO_PERP = "UNKNOWN_TO_PERP"
    REFUGE = "REFUGE"
    SANCTUARY = "SANCTUARY"
    TEMP_ACCOM = "TEMP_ACCOM"
    NFA = "NFA"


class Relationship(StrEnum):
    """Relationship of the perpetrator to the victim (Domestic Abuse Act 2021 s2, and beyond)."""

    SPOUSE = "SPOUSE"
    EX_SPOUSE = "EX_SPOUSE"
    CIVIL_PARTNER = "CIVIL_PARTNER"
    EX_CIVIL_PARTNER = "EX_CIVIL_PARTNER"
    ENGAGED = "ENGAGED"
    EX_ENGAGED = "EX_ENGAGED"
    INTIMATE_PARTNER = "INTIMATE_PARTNER"
    EX_INTIMATE_PARTNER = "EX_INTIMATE_PARTNER"
    PARENT_SAME_CHILD = "PARENT_SAME_CHILD"
    PARENT = "PARENT"
    CHILD_ADULT = "CHILD_ADULT"
    SIBLING = "SIBLING"
    GRANDPARENT = "GRANDPARENT"
    GRANDCHILD = "GRANDCHILD"
    AUNT_UNCLE = "AUNT_UNCLE"
    COUSIN = "COUSIN"
    IN_LAW = "IN_LAW"
    STEP = "STEP"
    OTHER_RELATIVE = "OTHER_RELATIVE"
    HOUSEHOLD_NON_RELATIVE = "HOUSEHOLD_NON_RELATIVE"
    CARER = "CARER"
    COMMUNITY_OTHER = "COMMUNITY_OTHER"


class AbsenceReason(StrEnum):
    """Why a mandatory-or-reason field is blank."""

    UNKNOWN = "UNKNOWN"
    UNSAFE_TO_ASK = "UNSAFE_TO_ASK"
    REFUSED = "REFUSED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class YesNoUnknown(StrEnum):
    """A claim; unknown is never no."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


class DatePrecision(StrEnum):
    """How exact a date is."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"
    ESTIMATED = "ESTIMATED"


class CscStatus(StrEnum):
    """A child's standing with children's social care."""

    NONE = "NONE"
    EARLY_HELP = "EARLY_HELP"
    CIN = "CIN"
    CP = "CP"
    LAC = "LAC"
    UNKNOWN = "UNKNOWN"


class Answer(StrEnum):
    """Answer to one item of a risk instrument."""

    YES = "YES"
    NO = "NO"
    DONT_KNOW = "DONT_KNOW"
    NOT_ASKED = "NOT_ASKED"
    REFUSED = "REFUSED"


class AnswerSource(StrEnum):
    """Who an answer comes from."""

    VICTIM = "VICTIM"
    REFERRER = "REFERRER"
    POLICE_RECORD = "POLICE_RECORD"
    CHILD = "CHILD"
    THIRD_PARTY = "THIRD_PARTY"
    AGENCY_RECORD = "AGENCY_RECORD"
    OBSERVED = "OBSERVED"


class OrderType(StrEnum):
    """Court orders and conditions."""

    NMO = "NMO"
    OCC = "OCC"
    DVPN = "DVPN"
    DVPO = "DVPO"
    DAPN = "DAPN"
    DAPO = "DAPO"
    ASBI = "ASBI"
    PHA = "PHA"
    SPO = "SPO"
    FMPO = "FMPO"
    FGMPO = "FGMPO"
    RESTRAIN = "RESTRAIN"
    BAIL = "BAIL"
    LICENCE = "LICENCE"
    POSSESSION = "POSSESSION"
    TENANCY_TRANSFER = "TENANCY_TRANSFER"


class ContactChannel(StrEnum):
    """A way to reach the victim."""

    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    TEXT = "TEXT"
    EMAIL = "EMAIL"
    MESSAGING_APP = "MESSAGING_APP"
    WORK = "WORK"
    THIRD_PERSON = "THIRD_PERSON"
    IN_PERSON = "IN_PERSON"


class CaseRole(StrEnum):
    """Why an agency belongs to a case."""

    REFERRER = "REFERRER"
    COORDINATOR = "COORDINATOR"
    IDVA = "IDVA"
    NAMED = "NAMED"  # named by a consent rule or a duty
    ALERTED = "ALERTED"  # told that a high-risk referral is held back, nothing more
    RESEARCH = "RESEARCH"  # asked to look in its own records for the conference


class AreaDecision(StrEnum):
    """What a coordinator decides about a referral."""

    ACCEPT = "ACCEPT"
    RETURN = "RETURN"
    REJECT = "REJECT"
    REDIRECT = "REDIRECT"
    MERGE = "MERGE"
    EMERGENCY = "EMERGENCY"


class Acknowledgement(StrEnum):
    """What an assigned agency answers to a case."""

    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"


class DeclineReason(StrEnum):
    """Why an assigned agency does not take a case on."""

    NO_CAPACITY = "NO_CAPACITY"
    NOT_OUR_AREA = "NOT_OUR_AREA"
    CONFLICT_OF_INTEREST = "CONFLICT_OF_INTEREST"
    OTHER_SERVICE_FITS_BETTER = "OTHER_SERVICE_FITS_BETTER"
    VICTIM_PREFERS_ANOTHER = "VICTIM_PREFERS_ANOTHER"


class ErasureReason(StrEnum):
    """Why a case is erased for ever."""

    RETENTION_ENDED = "RETENTION_ENDED"
    ERASURE_RIGHT = "ERASURE_RIGHT"
    COURT_ORDER = "COURT_ORDER"
    SENT_IN_ERROR = "SENT_IN_ERROR"


class WithdrawalReason(StrEnum):
    """Why a referrer asks to take a referral back."""

    SENT_IN_ERROR = "SENT_IN_ERROR"
    WRONG_PERSON = "WRONG_PERSON"
    VICTIM_OBJECTS = "VICTIM_OBJECTS"
    NO_LONGER_AT_RISK = "NO_LONGER_AT_RISK"


class ListingKind(StrEnum):
    """How a case comes to an agenda."""

    NEW = "NEW"
    REPEAT = "REPEAT"
    TRANSFER_IN = "TRANSFER_IN"
    EMERGENCY = "EMERGENCY"


class RepeatDefinition(StrEnum):
    """What counts as a repeat: any abuse (current), or criminal-type conduct (older)."""

    ANY_ABUSE = "ANY_ABUSE"
    CRIMINAL_TYPE = "CRIMINAL_TYPE"


class RepeatAnchor(StrEnum):
    """From when the repeat window runs."""

    LAST_REFERRAL = "LAST_REFERRAL"
    LAST_HEARD = "LAST_HEARD"


class Scope(StrEnum):
    """OAuth scopes, one per kind of operation (RFC 6749 section 3.3)."""

    REFERRALS_WRITE = "referrals:write"
    REFERRALS_READ = "referrals:read"
    RISK_WRITE = "risk:write"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    CONFERENCE_WRITE = "conference:write"
    CONFERENCE_READ = "conference:read"
    LOG_READ = "log:read"
    DIRECTORY_READ = "directory:read"


class Rung(StrEnum):
    """Who is told, one after the other, that nobody has read a high-risk case."""

    WORKER = "WORKER"  # whoever is on duty at the IDVA service
    LEAD = "LEAD"
    COORDINATOR = "COORDINATOR"
    CHAIR = "CHAIR"


class Contact(StrEnum):
    """A mailbox of an agency to which notices go."""

    DUTY = "DUTY"  # read by whoever is on duty
    LEAD = "LEAD"
    CHAIR = "CHAIR"
    STEERING = "STEERING"  # the group that steers the conferences of an area


class Sending(StrEnum):
    """How it stands with a notice."""

    WAITING = "WAITING"
    SENT = "SENT"
    NO_CONTACT = "NO_CONTACT"  # the agency gave no mailbox for it
    NOT_NEEDED = "NOT_NEEDED"  # read before it could be sent
    WALLED = "WALLED"  # who would have been told must not learn that there is such a case


class PersonRole(StrEnum):
    """What a person does at the desk; one person may hold several (domain roles)."""

    COORDINATOR = "COORDINATOR"
    CHAIR = "CHAIR"  # follows from how the worker was registered; nobody gives it at the desk
    IDVA = "IDVA"
    AGENCY_REP = "AGENCY_REP"  # speaks for an agency at the conference
    REFERRER = "REFERRER"
    DPO_AUDITOR = "DPO_AUDITOR"
    GOVERNANCE = "GOVERNANCE"  # of the steering group: counts alone, small ones hidden
    AGENCY_ADMIN = "AGENCY_ADMIN"  # keeps its agency's people and reads no case


class OneTime(StrEnum):
    """What is used once: a link, or a code that a person kept for a lost device."""

    INVITATION = "INVITATION"
    RECOVERY = "RECOVERY"
    DEMONSTRATION = "DEMONSTRATION"  # made by `gateway demo` alone, for invented people


class SignedInBy(StrEnum):
    """How a person proved who it is; the words are those of RFC 8176 where it has one."""

    PASSKEY = "hwk"
    PASSWORD_AND_CODE = "pwd otp"  # noqa: S105 - the name of a method
    RECOVERY_CODE = "kba"
    SINGLE_SIGN_ON = "sso"
    INVITATION = "link"
    DEMONSTRATION = "demo"
