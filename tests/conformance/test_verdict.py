"""A conformance run passes only if every case is what it must be."""

from __future__ import annotations

from tests.conformance.verdict import problems

ALLOWED = {"7.1.5": "a reason"}
OK = {"behavior": "OK", "behaviorClose": "OK"}
LATE = {"behavior": "NON-STRICT", "behaviorClose": "OK"}
FAILED = {"behavior": "FAILED", "behaviorClose": "WRONG CODE"}


def test_results_that_are_ok_late_or_allowed_pass() -> None:
    results = {"1.1.1": OK, "6.4.1": LATE, "7.1.5": FAILED}
    assert problems(results, 3, ALLOWED) == []


def test_an_unlisted_failure_is_told() -> None:
    assert problems({"1.1.1": FAILED}, 1, ALLOWED) == ["1.1.1 is FAILED: see its page."]


def test_a_right_answer_with_a_wrong_close_is_a_failure() -> None:
    unclean = {"behavior": "OK", "behaviorClose": "UNCLEAN"}
    assert problems({"1.1.1": unclean}, 1, ALLOWED) == ["1.1.1 is FAILED: see its page."]


def test_a_case_not_tried_has_not_passed() -> None:
    untried = {"behavior": "UNIMPLEMENTED", "behaviorClose": "OK"}
    assert problems({"12.1.1": untried}, 1, ALLOWED) == ["12.1.1 is UNIMPLEMENTED: see its page."]


def test_an_allowed_failure_that_passes_must_leave_the_list() -> None:
    (told,) = problems({"7.1.5": OK}, 1, ALLOWED)
    assert told.startswith("7.1.5 passes now")


def test_cases_that_did_not_run_are_missed() -> None:
    assert problems({"1.1.1": OK}, 2, ALLOWED) == ["1 cases ran, and 2 were expected."]
