"""What each answer of a mail server means."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.channels.email import replies

# Code, enhanced code, what it answers, outcome, verdict, whether it is our mistake.
TABLE = """
421 -       recipient later    -        no
450 4.2.1   recipient later    -        no
451 4.7.1   data      later    -        no
452 4.2.2   recipient later    -        no
454 4.7.0   sender    later    -        no
500 -       data      refused  -        no
530 5.7.0   recipient refused  -        yes
534 5.7.9   recipient refused  -        yes
535 5.7.8   sender    refused  -        yes
538 5.7.11  sender    refused  -        yes
550 -       recipient refused  bounced  no
550 5.1.1   recipient refused  bounced  no
550 5.1.2   recipient refused  bounced  no
550 5.1.3   recipient refused  bounced  no
550 5.1.6   recipient refused  bounced  no
550 5.2.1   recipient refused  bounced  no
556 5.1.10  recipient refused  bounced  no
550 5.1.1   data      refused  bounced  no
550 5.7.1   recipient refused  -        no
550 5.7.26  data      refused  -        no
551 -       recipient refused  bounced  no
552 5.2.2   recipient refused  rejected no
552 -       data      refused  rejected no
550 5.2.3   data      refused  rejected no
553 -       recipient refused  bounced  no
553 5.1.8   sender    refused  -        yes
554 -       recipient refused  -        no
554 -       data      refused  -        no
550 -       data      refused  -        no
550 -       sender    refused  -        yes
250 -       data      unknown  -        no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("status", "enhanced", "stage", "outcome", "verdict", "mistake"), ROWS)
def test_each_answer(
    status: str, enhanced: str, stage: Any, outcome: str, verdict: str, mistake: str
):
    words = f"{enhanced.strip('-')} <amina@example.org> no".strip()
    said = replies.read(int(status), words.encode())
    found = replies.meaning(said, stage)
    assert (found.outcome.value, found.verdict) == (outcome, verdict.strip("-"))
    assert found.our_mistake is (mistake == "yes")
    assert "amina" not in said.code
    assert said.code == f"{status} {enhanced.strip('-')}".strip()


def test_words_that_only_look_like_a_code_are_none():
    assert replies.read(550, "5.1.1.1.x").enhanced in {"", "5.1.1"}
    assert replies.read(550, "see 5.1.1").enhanced == ""
    assert replies.read(550, b"\xff5.1.1").enhanced == ""
