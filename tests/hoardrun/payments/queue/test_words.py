"""Everything that makes a payment wait, and every rule, has its words for staff."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest

from hoardrun.payments.evidence import ENDINGS, Source
from hoardrun.payments.facts import Rule
from hoardrun.payments.payees.choices import NameVerdict
from hoardrun.payments.queue.words import (
    NAMES,
    REASONS,
    RULES,
    SOURCES,
    STATES,
    WHOSE,
    said_of,
    told_text,
    waited_text,
    whose_text,
)
from hoardrun.payments.states import State
from hoardrun.payments.tiers.choices import Whose


def test_every_rule_source_and_state_has_words():
    assert set(RULES) == set(get_args(Rule))
    assert set(SOURCES) == set(Source)
    assert set(STATES) == set(State)
    assert (set(WHOSE), set(NAMES)) == (set(Whose), set(NameVerdict))


def test_staff_read_which_name_was_confirmed():
    said = whose_text("third_party", "other", "Amina N. S.")
    assert said.startswith("Somebody else's. The provider had another name when that was checked.")
    assert said.endswith("The customer was shown Amina N. S., and confirmed it.")
    assert "one that is not kept" in whose_text("payee", "similar", "")  # of earlier releases
    assert whose_text("own", "", "") == "The customer's own, proven by a code."
    assert whose_text("", "", "") == ""


def test_what_waits_for_nobody_has_no_advice():
    assert said_of(State.AWAITING_PIN, "").text == "The prompt is on the phone."
    assert said_of(State.AWAITING_PIN, "").advice == ""


@pytest.mark.parametrize("reason", [*REASONS, *ENDINGS, "something_new"])
def test_what_waits_has_a_reason_and_advice(reason: str):
    for state in State:
        said = said_of(state, reason)
        assert said.text and said.advice


def test_what_has_ended_also_says_how():
    said = said_of(State.SUCCEEDED, "second_receipt")
    assert said.text.startswith("It was paid, and is booked. It was paid a second time")
    said = said_of(State.SUCCEEDED, "funds")
    assert said.text.endswith("The provider says now that it was not paid: Not enough money.")


@pytest.mark.parametrize(
    ("told", "currency", "text"),
    [
        ("", "", ""),
        ("5000", "UGX", ""),
        ("5000.00", "", ""),
        ("4500", "UGX", "UGX 4,500"),
        ("5000", "KES", "KES 5,000"),
        ("12.5", "", "UGX 12.5"),
    ],
)
def test_the_other_sum_is_told(told: str, currency: str, text: str):
    assert told_text(Decimal(5000), "UGX", told, currency) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (59, "less than a minute"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (7200, "2 hours"),
        (86_400, "1 day"),
        (260_000, "3 days"),
    ],
)
def test_a_wait_is_written_in_its_largest_unit(seconds: int, text: str):
    assert waited_text(timedelta(seconds=seconds)) == text
