"""The stories about consent again, over real HTTP, on both databases."""

from __future__ import annotations

from tests.journeys.test_dated_consent import (
    test_F44_F53_F54_a_position_is_kept_with_all_that_was_said,
    test_F46_a_limit_shuts_a_case_for_one_purpose,
    test_F49_V45_an_agreement_ends_on_its_day_though_nothing_runs,
    test_F50_taken_back_is_taken_back_everywhere_with_the_next_request,
    test_F55_V27_what_was_already_read_is_listed_honestly,
)
from tests.journeys.test_overrides import (
    test_F51_a_condition_that_sharing_breaks_must_be_named,
    test_F51_a_late_record_is_a_clock_that_the_coordinator_answers,
    test_V40_nobody_accepts_without_knowing_that_the_referrer_wants_it_back,
)

OVER_HTTP = True

__all__ = [
    "test_F44_F53_F54_a_position_is_kept_with_all_that_was_said",
    "test_F46_a_limit_shuts_a_case_for_one_purpose",
    "test_F49_V45_an_agreement_ends_on_its_day_though_nothing_runs",
    "test_F50_taken_back_is_taken_back_everywhere_with_the_next_request",
    "test_F51_a_condition_that_sharing_breaks_must_be_named",
    "test_F51_a_late_record_is_a_clock_that_the_coordinator_answers",
    "test_F55_V27_what_was_already_read_is_listed_honestly",
    "test_V40_nobody_accepts_without_knowing_that_the_referrer_wants_it_back",
]
