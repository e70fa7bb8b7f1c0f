"""Owns the codes that describe people, homes and what was done. Values never change."""

from __future__ import annotations

from enum import StrEnum


class Sex(StrEnum):
    """Sex (Government Statistical Service harmonised question)."""

    FEMALE = "FEMALE"
    MALE = "MALE"


class GenderIdentity(StrEnum):
    """Gender identity (2021 Census question, its answers grouped)."""

    SAME_AS_SEX_AT_BIRTH = "SAME_AS_SEX_AT_BIRTH"
    TRANS_WOMAN = "TRANS_WOMAN"
    TRANS_MAN = "TRANS_MAN"
    NON_BINARY = "NON_BINARY"
    OTHER = "OTHER"


class Ethnicity(StrEnum):
    """The 19 ethnic groups of the 2021 Census of England and Wales."""

    ASIAN_BANGLADESHI = "ASIAN_BANGLADESHI"
    ASIAN_CHINESE = "ASIAN_CHINESE"
    ASIAN_INDIAN = "ASIAN_INDIAN"
    ASIAN_PAKISTANI = "ASIAN_PAKISTANI"
    ASIAN_OTHER = "ASIAN_OTHER"
    BLACK_AFRICAN = "BLACK_AFRICAN"
    BLACK_CARIBBEAN = "BLACK_CARIBBEAN"
    BLACK_OTHER = "BLACK_OTHER"
    MIXED_WHITE_ASIAN = "MIXED_WHITE_ASIAN"
    MIXED_WHITE_BLACK_AFRICAN = "MIXED_WHITE_BLACK_AFRICAN"
    MIXED_WHITE_BLACK_CARIBBEAN = "MIXED_WHITE_BLACK_CARIBBEAN"
    MIXED_OTHER = "MIXED_OTHER"
    WHITE_BRITISH = "WHITE_BRITISH"
    WHITE_IRISH = "WHITE_IRISH"
    WHITE_GYPSY_TRAVELLER = "WHITE_GYPSY_TRAVELLER"
    WHITE_ROMA = "WHITE_ROMA"
    WHITE_OTHER = "WHITE_OTHER"
    ARAB = "ARAB"
    ANY_OTHER = "ANY_OTHER"


class Religion(StrEnum):
    """Religion (2021 Census)."""

    NO_RELIGION = "NO_RELIGION"
    BUDDHIST = "BUDDHIST"
    CHRISTIAN = "CHRISTIAN"
    HINDU = "HINDU"
    JEWISH = "JEWISH"
    MUSLIM = "MUSLIM"
    SIKH = "SIKH"
    OTHER = "OTHER"


class SexualOrientation(StrEnum):
    """Sexual orientation (2021 Census)."""

    HETEROSEXUAL = "HETEROSEXUAL"
    GAY_OR_LESBIAN = "GAY_OR_LESBIAN"
    BISEXUAL = "BISEXUAL"
    OTHER = "OTHER"


class DisabilityKind(StrEnum):
    """Kind of disability (Equality Act 2010 section 6)."""

    MOBILITY = "MOBILITY"
    SENSORY = "SENSORY"
    LEARNING = "LEARNING"
    NEURODIVERGENT = "NEURODIVERGENT"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    LONG_TERM = "LONG_TERM"
    OTHER = "OTHER"


class SubstanceKind(StrEnum):
    """What is used."""

    ALCOHOL = "ALCOHOL"
    DRUGS = "DRUGS"
    MEDICINES = "MEDICINES"


class SelfHarm(StrEnum):
    """Self-harm and suicidal thoughts, as far as known; a current plan calls for the same day."""

    NONE_KNOWN = "NONE_KNOWN"
    PAST = "PAST"
    CURRENT_THOUGHTS = "CURRENT_THOUGHTS"
    CURRENT_PLAN = "CURRENT_PLAN"
    RECENT_ATTEMPT = "RECENT_ATTEMPT"


class ImmigrationStatus(StrEnum):
    """Immigration status, in the groups that decide what support is open."""

    BRITISH_OR_IRISH = "BRITISH_OR_IRISH"
    SETTLED = "SETTLED"
    PRE_SETTLED = "PRE_SETTLED"
    INDEFINITE_LEAVE = "INDEFINITE_LEAVE"
    PARTNER_VISA = "PARTNER_VISA"
    LIMITED_LEAVE = "LIMITED_LEAVE"
    STUDENT_VISA = "STUDENT_VISA"
    ASYLUM_SEEKER = "ASYLUM_SEEKER"
    REFUGEE = "REFUGEE"
    NO_LEAVE = "NO_LEAVE"
    OTHER = "OTHER"


class Tenure(StrEnum):
    """How a home is held."""

    SOCIAL_RENT = "SOCIAL_RENT"
    COUNCIL_RENT = "COUNCIL_RENT"
    PRIVATE_RENT = "PRIVATE_RENT"
    SHARED_OWNERSHIP = "SHARED_OWNERSHIP"
    OWNER_OCCUPIED = "OWNER_OCCUPIED"
    SUPPORTED = "SUPPORTED"
    TEMPORARY = "TEMPORARY"
    LIVING_WITH_FAMILY = "LIVING_WITH_FAMILY"
    OTHER = "OTHER"


class TenancyType(StrEnum):
    """Whose tenancy it is."""

    SOLE = "SOLE"
    JOINT = "JOINT"
    JOINT_WITH_PERP = "JOINT_WITH_PERP"
    PERP_SOLE = "PERP_SOLE"
    LICENCE = "LICENCE"
    OTHER = "OTHER"


class PerpLocation(StrEnum):
    """Where the perpetrator is now."""

    WITH_VICTIM = "WITH_VICTIM"
    OWN_HOME = "OWN_HOME"
    WITH_OTHERS = "WITH_OTHERS"
    CUSTODY = "CUSTODY"
    HOSPITAL = "HOSPITAL"
    ABROAD = "ABROAD"
    UNKNOWN = "UNKNOWN"


class CustodyStatus(StrEnum):
    """The perpetrator's standing with police and courts."""

    NONE = "NONE"
    ARRESTED = "ARRESTED"
    UNDER_INVESTIGATION = "UNDER_INVESTIGATION"
    POLICE_BAIL = "POLICE_BAIL"
    COURT_BAIL = "COURT_BAIL"
    REMANDED = "REMANDED"
    SENTENCED = "SENTENCED"
    LICENCE = "LICENCE"
    UNKNOWN = "UNKNOWN"


class ChildRelation(StrEnum):
    """What a child is to an adult."""

    CHILD = "CHILD"
    STEPCHILD = "STEPCHILD"
    ADOPTED = "ADOPTED"
    FOSTERED = "FOSTERED"
    GRANDCHILD = "GRANDCHILD"
    SIBLING = "SIBLING"
    OTHER_RELATIVE = "OTHER_RELATIVE"
    NOT_RELATED = "NOT_RELATED"
    UNKNOWN = "UNKNOWN"


class LivesWith(StrEnum):
    """Whom a child lives with."""

    VICTIM = "VICTIM"
    PERPETRATOR = "PERPETRATOR"
    BOTH = "BOTH"
    OTHER = "OTHER"


class IncidentKind(StrEnum):
    """What happened, coded; `CRIMINAL_KINDS` are those that the older repeat wording counts."""

    VIOLENCE = "VIOLENCE"
    THREAT = "THREAT"
    STALKING = "STALKING"
    SEXUAL = "SEXUAL"
    STRANGULATION = "STRANGULATION"
    WEAPON = "WEAPON"
    COERCIVE_CONTROL = "COERCIVE_CONTROL"
    ECONOMIC = "ECONOMIC"
    HONOUR_BASED = "HONOUR_BASED"
    DAMAGE = "DAMAGE"
    HARASSMENT = "HARASSMENT"
    ORDER_BREACH = "ORDER_BREACH"
    BAIL_BREACH = "BAIL_BREACH"
    DIRECT_CONTACT = "DIRECT_CONTACT"
    INDIRECT_CONTACT = "INDIRECT_CONTACT"
    DISPUTE = "DISPUTE"
    OTHER = "OTHER"


CRIMINAL_KINDS = frozenset(
    {
        IncidentKind.VIOLENCE,
        IncidentKind.THREAT,
        IncidentKind.STALKING,
        IncidentKind.SEXUAL,
        IncidentKind.STRANGULATION,
        IncidentKind.WEAPON,
    }
)


class Anonymity(StrEnum):
    """How far a source may be named."""

    OPEN = "OPEN"
    CONFIDENTIAL = "CONFIDENTIAL"
    ANONYMOUS = "ANONYMOUS"


class ActionKind(StrEnum):
    """What a referrer has already done."""

    POLICE = "POLICE"
    CSC = "CSC"
    ASC = "ASC"
    MAPPA = "MAPPA"
    DVDS = "DVDS"
    REFUGE = "REFUGE"
    IDVA = "IDVA"
    HEALTH = "HEALTH"
    HOUSING = "HOUSING"
    TARGET_HARDENING = "TARGET_HARDENING"
    LEGAL = "LEGAL"
    SAFETY_PLAN = "SAFETY_PLAN"
    OTHER = "OTHER"


class AttachmentKind(StrEnum):
    """What an attached file is."""

    RISK_ASSESSMENT = "RISK_ASSESSMENT"
    BODY_MAP = "BODY_MAP"
    ORDER_COPY = "ORDER_COPY"
    OTHER = "OTHER"


class Weekday(StrEnum):
    """Days of a safe window."""

    MON = "MON"
    TUE = "TUE"
    WED = "WED"
    THU = "THU"
    FRI = "FRI"
    SAT = "SAT"
    SUN = "SUN"
