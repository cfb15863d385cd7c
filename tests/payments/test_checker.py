"""The checker, with runs made by hand: each verdict has one that it must name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.payments.checker import VERDICTS, check
from tests.payments.evidence import Account, Answered, Evidence, Row, Theirs, Txn
from tests.payments.plan import Wish

PAID, PAYOUT, UNKNOWN = 0, 1, 2


def evidence() -> Evidence:
    """Return a run in which all is right: one was paid, one paid out, of one nobody knows."""
    numbers = ("+256770000000", "+256775000000", "+256770000014")
    kinds, states = ("collect", "payout", "payout"), ("succeeded", "succeeded", "unknown")
    statuses, moved = ("completed", "completed", "processing"), (1000, -1000, 0)
    found = Evidence({}, {}, [], [], {}, {7: Account(7, 5000, 4000, posted=5000)}, 0)
    for place, number in enumerate(numbers):
        key, kind = f"k{place}", kinds[place]
        found.wishes[key] = Wish(key, "mtn", kind, 0, number, "UGX", 1000)
        found.answers[key] = [Answered(201, f"id{place}")]
        is_staffs = place == UNKNOWN
        found.rows.append(
            Row(
                f"id{place}", key, "mtn", kind, number, "UGX", 1000, states[place], "",
                "then" if is_staffs else None, "unknown" if is_staffs else "",
                place, None, None, moved[place],
            )
        )  # fmt: skip
        # The provider has paid out what is unknown here.
        there = -1000 if is_staffs else moved[place]
        found.theirs.append(Theirs("mtn", kind, number, "paid", there))
        direction = "inbound" if kind == "collect" else "outbound"
        found.txns[place] = Txn(place, 7, statuses[place], direction, 1000)
    return found


def test_what_is_as_it_must_be_is_clean() -> None:
    verdict = check(evidence(), [])
    assert verdict.clean, dict(verdict.examples)
    assert verdict.figures["waiting_money"] == 1


def _confirmed_and_gone(found: Evidence) -> None:
    found.answers["k0"] = [Answered(201, "another")]


def _taken_and_not_here(found: Evidence) -> None:
    found.theirs.append(Theirs("mtn", "collect", "+256779999999", "waiting", 0))


def _refused(found: Evidence) -> None:
    found.answers["k0"].append(Answered(400, "invalid_input"))


def _resent(found: Evidence) -> None:
    found.theirs.append(Theirs("mtn", "collect", "+256770000000", "cancelled", 0))


def _paid_by_the_menu_too(found: Evidence) -> None:
    found.theirs.append(replace(found.theirs[PAID], kind="bill"))


def _not_booked(found: Evidence) -> None:
    found.rows[PAID].moved = 0


def _booked_in_part(found: Evidence) -> None:
    found.rows[PAYOUT].moved = -999


def _booked_twice(found: Evidence) -> None:
    found.rows[PAID].moved = 2000


def _booked_and_not_paid(found: Evidence) -> None:
    found.theirs[PAID].moved = 0


def _booked_the_wrong_way(found: Evidence) -> None:
    found.rows[PAYOUT].moved = 1000


def _nobody_is_told(found: Evidence) -> None:
    found.rows[UNKNOWN].staff_reason = ""


def _says_otherwise(found: Evidence) -> None:
    found.txns[PAID].status = "failed"


def _holds_too_much(found: Evidence) -> None:
    found.accounts[7].available -= 1


def _holds_for_nothing(found: Evidence) -> None:
    found.txns[8] = Txn(8, 7, "pending", "outbound", 50)
    found.accounts[7].available -= 50


def _pressed_twice(found: Evidence) -> None:
    found.rows.append(replace(found.rows[PAID], id="id9"))
    found.answers["k0"] = [Answered(201, "id0"), Answered(201, "id9")]


def _drifts(found: Evidence) -> None:
    found.accounts[7].posted += 1


def _unread(found: Evidence) -> None:
    found.unread = 1


CASES: Sequence[tuple[Callable[[Evidence], None], str]] = (
    (_confirmed_and_gone, "forgotten"),
    (_taken_and_not_here, "forgotten"),
    (_refused, "refused"),
    (_resent, "resent"),
    (_paid_by_the_menu_too, "lost"),
    (_not_booked, "lost"),
    (_booked_in_part, "lost"),
    (_booked_twice, "doubled"),
    (_booked_and_not_paid, "doubled"),
    (_booked_the_wrong_way, "doubled"),
    (_nobody_is_told, "unfinished"),
    (_says_otherwise, "contradicted"),
    (_holds_too_much, "held"),
    (_holds_for_nothing, "held"),
    (_pressed_twice, "doubled"),
    (_drifts, "unbalanced"),
    (_unread, "unread"),
)


@pytest.mark.parametrize(("damage", "kind"), CASES)
def test_each_damage_has_its_verdict(damage: Callable[[Evidence], None], kind: str) -> None:
    found = evidence()
    damage(found)
    assert {name for name, count in check(found, []).counts.items() if count} == {kind}


def test_each_verdict_has_a_damage() -> None:
    assert {kind for _, kind in CASES} == set(VERDICTS)


def test_a_finding_of_the_ledger_is_a_violation() -> None:
    assert check(evidence(), ["account 7: balance"]).counts["unbalanced"] == 1


@pytest.mark.parametrize(("in_doubt", "is_excused"), [([], False), ([1], True), ([2], False)])
def test_a_difference_that_a_statement_has_found_waits_for_a_person(
    in_doubt: list[int], is_excused: bool
) -> None:
    found = evidence()
    found.theirs[PAID].moved = 1001
    found.rows[PAID].in_doubt = in_doubt
    assert check(found, []).clean is is_excused
