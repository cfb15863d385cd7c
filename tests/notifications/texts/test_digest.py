"""What waits in a digest, as one message."""

from __future__ import annotations

from decimal import Decimal

import pytest

from notifications import texts
from notifications.channels.sms import gsm
from notifications.kinds.savings import GoalReached, InterestPaid
from notifications.kinds.values import Money, to_context

GOAL = texts.Item(
    kind="savings.goal_reached",
    context=to_context(GoalReached(goal="School", amount=Money(Decimal(9), "USD"))),
)
INTEREST = texts.Item(
    kind="savings.interest_paid",
    context=InterestPaid(amount=Money(Decimal(3), "USD"), period="March"),
)


def test_an_email_has_each_message():
    content = texts.render_digest("savings", "email", [GOAL, INTEREST])
    assert content.title == "Savings: 2 new messages"
    assert content.body.startswith(
        "Savings goal reached: You have reached your goal “School”: $9.00.\n\n"
        "Interest paid: You received $3.00 of interest for March.\n\n-- "
    )
    assert content.html.count("<p ") == 2
    assert content.url == "/notifications"


def test_ten_are_shown_and_the_others_counted():
    content = texts.render_digest("savings", "email", [GOAL] * 12, total=37)
    assert content.body.count("You have reached") == 10
    assert "and 27 more" in content.body
    assert content.title == "Savings: 37 new messages"


def test_a_lock_screen_and_an_sms_have_titles_only():
    items = [GOAL, GOAL, INTEREST]
    push = texts.render_digest("savings", "push", items, locale="en")
    assert push.body == "Savings goal reached, Interest paid"
    sms = texts.render_digest("savings", "sms", items, locale="en")
    assert sms.body == "hoardrun, Savings: Savings goal reached, Interest paid"


@pytest.mark.parametrize(
    ("locale", "count", "title"),
    [
        ("en", 1, "Savings: 1 new message"),
        ("fr", 1, "Épargne : 1 nouveau message"),
        ("fr", 2, "Épargne : 2 nouveaux messages"),
        ("sw", 2, "Akiba: jumbe mpya 2"),
        ("lg", 2, "Okutereka: obubaka bupya 2"),
    ],
)
def test_its_language_has_its_own_plural(locale: str, count: int, title: str):
    assert texts.render_digest("savings", "push", [GOAL] * count, locale=locale).title == title


def test_it_fits_into_an_sms_in_each_language():
    for locale in ("en", "sw", "fr", "lg"):
        body = texts.render_digest("savings", "sms", [GOAL, INTEREST], locale=locale).body
        assert gsm.segments(body) == 1, body


def test_its_version_is_that_of_all_its_texts() -> None:
    version = texts.digest_version([GOAL, INTEREST, GOAL], "en")
    assert len(version) == 12
    assert version == texts.digest_version([INTEREST, GOAL], "en-UG")
    assert len({version, texts.digest_version([GOAL]), texts.digest_version([GOAL], "lg")}) == 3
