"""Owns what each figure of a report is called."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemas.codes import ReturnReason

COLUMNS: Mapping[str, str] = {
    "total_cases": "Cases heard",
    "children_in_household": "Children in the household",
    "repeat_cases": "Repeat cases",
    "minority": "Victims racially minoritised",
    "lgbt": "Victims LGBT+",
    "disabled": "Victims disabled",
    "male": "Victims male",
    "aged_16_17": "Victims aged 16 or 17",
    "perpetrators_to_17": "Who causes harm is 17 or younger",
}
SOURCES: Mapping[str, str] = {
    "POLICE": "Police",
    "IDVA": "IDVA service",
    "CSC": "Children's social care",
    "ASC": "Adult social care",
    "PRIMARY_CARE": "Primary care",
    "ACUTE_TRUST": "Hospital",
    "MENTAL_HEALTH": "Mental health",
    "EDUCATION": "Education",
    "HOUSING": "Housing",
    "PROBATION": "Probation",
    "SUBSTANCE_USE": "Substance use",
    "VOLUNTARY_DA": "Domestic abuse service",
    "VOLUNTARY_OTHER": "Other voluntary",
    "SELF_MARAC_TRANSFER": "Another area's conference",
    "OTHER": "Other",
}
MEASURES: Mapping[str, str] = {
    "idva_answer_median": "From referral to the IDVA service's yes, half within",
    "idva_answer_p90": "From referral to the IDVA service's yes, nine of ten within",
    "idva_answer_in_time": "Of these within the area's clock",
    "idva_accepted": "Taken on by the IDVA service",
    "idva_declined": "Declined by the IDVA service",
    "idva_unanswered": "Not answered by the IDVA service",
    "not_reached": "Not reached, as the IDVA service said at an action",
    "heard_median": "From referral to hearing, half within",
    "heard_p90": "From referral to hearing, nine of ten within",
    "returned_for_more": "Returned to the referrer for more",
    "shared_without_agreement": "Shared without agreement, or in her best interests",
    "repeats": "Repeats",
    "with_birth": "Her date of birth is known",
    "with_safe_contact": "A safe way to reach her is known",
    "with_rationale": "The referral says why in enough words",
    "with_assessment": "A risk assessment is with it",
    "with_wishes": "What she wishes is written down",
    "research_returned": "Cases of which no research is missing",
    "research_in_time": "Cases of which no research came late or is missing",
    "minutes_lag_median": "From meeting to minutes, half within",
    "minutes_lag_p90": "From meeting to minutes, nine of ten within",
    "minutes_in_time": "Minutes sent out within the area's clock",
    "plan_lag_median": "From meeting to plan, half of the actions within",
    "plan_lag_p90": "From meeting to plan, nine of ten actions within",
    "plan_out_in_time": "Actions sent out within the area's clock",
    "actions_done_in_time": "Actions done in time",
    "actions_done_late": "Actions done late",
    "actions_not_possible": "Actions not possible",
    "actions_not_done": "Actions not done",
    "actions_replaced": "Actions replaced",
    "actions_open": "Actions still open",
    "looks_behind_the_glass": "Looks behind the need to know",
}
TABLES: Mapping[str, tuple[str, str]] = {  # title, and what a row is
    "research": ("Research by agency", "Agency"),
    "attendance": ("Attendance by agency", "Agency"),
    "returned": ("Returned to who referred", "Referred by"),
    "reasons": ("Why they were returned", "Reason"),
    "equity": ("For each group", "Victims"),
}
NOTES: Mapping[str, str] = {
    "research": "Shares in percent, to the nearest ten, of what each agency was asked; one is "
    "hidden if it could tell of few.",
    "attendance": "To how many meetings each agency was invited, and at how many somebody was who "
    "speaks for it.",
    "returned": "Sources whose own number is hidden above stand together.",
    "reasons": "Of the cases that were returned; one may have been for several reasons.",
    "equity": "Shares in percent of the cases of each group. One is hidden if the rest of the "
    "cases could tell of few.",
}
HEADINGS: Mapping[str, str] = {
    "came": "Came",
    "in_time": "In time",
    "invited": "Invited",
    "attended": "Attended",
    "apologies": "Apologies",
    "returned": "Returned",
    "not_returned": "Not returned",
    "share": "Share",
    "idva_accepted": "Taken on by the IDVA service",
    "not_reached": "Not reached",
    "returned_for_more": "Returned for more",
    "shared_without_agreement": "Shared without agreement",
    "repeats": "Repeats",
}
ROWS: Mapping[str, str] = {  # but for agencies, which have names
    **SOURCES,
    **COLUMNS,
    "all": "All cases",
    "OTHERS": "Sources that are hidden above, together",
    ReturnReason.MISSING_DOB_OR_NAME: "Date of birth or name is missing",
    ReturnReason.MISSING_PERP: "Who causes harm is missing",
    ReturnReason.NO_RATIONALE: "It does not say why",
    ReturnReason.NO_RISK_ASSESSMENT: "No risk assessment",
    ReturnReason.CRITERIA_NOT_EVIDENCED: "The criteria are not shown to be met",
    ReturnReason.NO_SAFE_CONTACT: "No safe way to reach her",
    ReturnReason.CHILD_DETAILS_MISSING: "Details of children are missing",
    ReturnReason.CONSENT_RECORD_INCOMPLETE: "What she was asked is not recorded in full",
    ReturnReason.WRONG_AREA: "Another area",
    ReturnReason.DUPLICATE: "Sent twice",
    ReturnReason.UNDER_AGE: "Under 16",
    ReturnReason.NOT_DOMESTIC_ABUSE: "Not domestic abuse",
    ReturnReason.QUALITY_OTHER: "Another gap",
}
YEAR = "Twelve months"
YEAR_SHARES: Mapping[str, str] = {
    "repeat_share": "Repeat cases",
    "partner_share": "Referred by others than the police",
    "per_10k": "Cases for each 10,000 women of 16 and older",
}
