"""Owns the codes of consent and override records. Values never change."""

from __future__ import annotations

from enum import StrEnum


class ConsentHow(StrEnum):
    """How the victim's position was learned."""

    IN_PERSON = "IN_PERSON"
    PHONE = "PHONE"
    VIDEO = "VIDEO"
    IN_WRITING = "IN_WRITING"
    THROUGH_ADVOCATE = "THROUGH_ADVOCATE"
    NOT_ASKED = "NOT_ASKED"


class ConsentScope(StrEnum):
    """With whom the victim agrees to share."""

    MARAC = "MARAC"
    IDVA = "IDVA"
    HEALTH = "HEALTH"
    HOUSING = "HOUSING"
    OTHER = "OTHER"


class ConsultedRole(StrEnum):
    """Who was asked before sharing without agreement."""

    MANAGER = "MANAGER"
    SAFEGUARDING_LEAD = "SAFEGUARDING_LEAD"
    CALDICOTT_GUARDIAN = "CALDICOTT_GUARDIAN"
    DPO = "DPO"
    POLICE = "POLICE"
    OTHER = "OTHER"


class LegalBasis(StrEnum):
    """Legal bases of a disclosure (UK GDPR, Data Protection Act 2018, safeguarding statutes)."""

    GDPR_6_1_C = "GDPR_6_1_C"  # legal obligation
    GDPR_6_1_D = "GDPR_6_1_D"  # vital interests
    GDPR_6_1_E = "GDPR_6_1_E"  # public task
    GDPR_6_1_EA = "GDPR_6_1_EA"  # recognised legitimate interest
    GDPR_6_1_F = "GDPR_6_1_F"  # legitimate interests
    GDPR_9_2_C = "GDPR_9_2_C"  # vital interests, unable to consent
    GDPR_9_2_G_SCH1_P10 = "GDPR_9_2_G_SCH1_P10"  # unlawful acts
    GDPR_9_2_G_SCH1_P18 = "GDPR_9_2_G_SCH1_P18"  # children and individuals at risk
    GDPR_9_2_G_SCH1_P6 = "GDPR_9_2_G_SCH1_P6"  # statutory and government purposes
    GDPR_9_2_H = "GDPR_9_2_H"  # health or social care
    GDPR_10_SCH1 = "GDPR_10_SCH1"  # criminal offence data
    DPA_PART3_S35 = "DPA_PART3_S35"  # law enforcement
    DPA_SCH8_P4 = "DPA_SCH8_P4"  # safeguarding, law enforcement
    CDA_1998_S115 = "CDA_1998_S115"
    CARE_ACT_S42 = "CARE_ACT_S42"
    CARE_ACT_S45 = "CARE_ACT_S45"
    CHILDREN_ACT_1989_S17 = "CHILDREN_ACT_1989_S17"
    CHILDREN_ACT_1989_S47 = "CHILDREN_ACT_1989_S47"
    CHILDREN_ACT_2004_S11 = "CHILDREN_ACT_2004_S11"
    MCA_2005_S4 = "MCA_2005_S4"  # best interests
    COMMON_LAW_POLICING = "COMMON_LAW_POLICING"
    COMMON_LAW_PUBLIC_INTEREST = "COMMON_LAW_PUBLIC_INTEREST"
    HRA_ARTICLES_2_3 = "HRA_ARTICLES_2_3"


class Feedback(StrEnum):
    """What a referrer is told after the meeting."""

    PLAN_AGREED = "PLAN_AGREED"
    MORE_INFO_NEEDED = "MORE_INFO_NEEDED"
    TRANSFERRED = "TRANSFERRED"
    NOT_THRESHOLD_SUPPORT_OFFERED = "NOT_THRESHOLD_SUPPORT_OFFERED"
