"""Each rule, state, outcome, receipt and reason has its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import notifications
from notifications.channels.message import Verdict
from notifications.choices import DeliveryState
from notifications.delivery.closing import Reason
from notifications.delivery.receipts import Fact
from notifications.delivery.states import COLUMN_OF
from notifications.kinds import Reach
from notifications.policy.facts import CloseReason, Rule
from notifications.trace.causes import CLOSED, REASONS, RULES, cause
from notifications.trace.parts import Standing
from notifications.trace.words import (
    DIGESTS,
    FACTS,
    HOWS,
    NAMES,
    OUTCOMES,
    REACHES,
    STANDINGS,
    STATES,
)
from realtime.outgoing import Outcome

PACKAGE = Path(notifications.__file__).parent


@pytest.mark.parametrize(
    ("sentences", "known"),
    [
        (RULES, get_args(Rule)),
        (STATES, DeliveryState),
        (OUTCOMES, Outcome),
        (FACTS, get_args(Fact)),
        (REACHES, Reach),
        (CLOSED, get_args(CloseReason)),
        (STANDINGS, get_args(Standing)),
    ],
)
def test_each_has_a_sentence_and_nothing_else_has(sentences, known):
    assert set(sentences) == set(known)
    texts = [getattr(one, "text", one) for one in sentences.values()]
    assert all(texts) and len(set(texts)) == len(texts)


def test_each_way_of_being_reached_has_words():
    source = (PACKAGE / "policy" / "reach.py").read_text()
    assert set(re.findall(r'how="(\w+)"', source)) == set(HOWS)


def test_each_word_of_a_provider_about_an_address_has_a_sentence():
    assert set(get_args(Verdict)) - {""} <= set(REASONS)
    assert set(get_args(Reason)) <= set(RULES)
    assert set(COLUMN_OF) <= set(FACTS)


def reasons_in_code() -> Iterator[str]:
    """Yield the reasons that the code of deliveries stores, as it spells them."""
    patterns = (
        r'_ends\(row, DeliveryState\.\w+, "(\w+)"',
        r'row\.reason = .*?"(\w+)"',
        r'return "(country|capped\(\w+\))"',
        r'^(?:HELD|REACHED|RESENT) = "(\w+)"',
    )
    for path in sorted((PACKAGE / "delivery").glob("*.py")):
        if path.name == "digests.py":
            continue  # its reasons are those of digests
        for pattern in patterns:
            yield from re.findall(pattern, path.read_text(), re.MULTILINE)
    addresses = (PACKAGE / "addresses" / "services.py").read_text()
    yield from re.findall(r'"(\w+)"', re.findall(r"reason: Literal\[([^]]*)\]", addresses)[0])


def test_each_reason_that_the_code_stores_has_a_sentence():
    found = set(reasons_in_code())
    assert {"reached_before_send", "spent", "blocked", "moved", "capped(user)"} <= found
    unsaid = {one for one in found if "The reason that was given" in cause("due", one, "sms").text}
    assert unsaid == set()


def test_each_reason_of_a_digest_has_a_sentence():
    source = (PACKAGE / "delivery" / "digests.py").read_text()
    stored = re.findall(r'row\.reason = "(\w+)" .* "(\w+)" .* "(\w+)"', source)
    assert set(stored[0]) | {""} == set(DIGESTS)


@pytest.mark.parametrize("channel", NAMES)
def test_what_would_change_it_names_what_the_channel_needs(channel):
    asked = {cause(rule, rule, channel).advice for rule in ("no_address", "unverified")}
    assert len(asked) == 2 and not any("{" in text for text in asked)


@pytest.mark.parametrize(
    ("rule", "reason", "text"),
    [
        ("suppressed", "suppressed(bounced)", "suppressed. The mailbox does not exist."),
        ("capped", "capped(number)", "As many SMS as a number may get"),
        ("due", "21211", "The reason that was given: 21211."),
        ("due", "", "nobody had been reached"),
    ],
)
def test_the_reason_says_more_than_the_rule(rule, reason, text):
    assert text in cause(rule, reason, "sms").text
