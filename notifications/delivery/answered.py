"""Count the answers of providers, by outcome and code, for a scrape.

Workers serve no metrics of their own: they add to rows that any node reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache

from django.db.models import F

from notifications.channels.push import apns, fcm
from notifications.channels.sms import africastalking, twilio
from notifications.delivery.outcomes import Result
from notifications.models import Answered
from realtime.outgoing import Outcome

OTHER = "other"
# Words for calls without an answer, of `realtime.outgoing.reply.Reply` and of our own channels.
_WORDS = (
    "address", "dns", "connect", "tls", "pool", "timeout", "broken", "protocol", "login", "texts",
    "raised", "unreadable", "unusable", "no_recipient", "vapid_key_unknown", "subscription_keys",
)  # fmt: skip
OUTCOMES = tuple(each.value for each in Outcome)
PROVIDERS = ("webpush", "fcm", "apns", "smtp", "email", "africastalking", "twilio")


@cache
def codes() -> frozenset[str]:
    """Return the codes that are counted apart; a provider cannot add one."""
    tables = (fcm.CODES, apns.REASONS, africastalking.CODES, twilio.CODES)
    statuses = (str(number) for number in range(100, 600))
    return frozenset({*_WORDS, *(str(code) for table in tables for code in table), *statuses})


def code_of(code: str, status: int | None) -> str:
    """Return what an answer is counted as: the provider's code, else the status."""
    if code in codes():
        return code
    return str(status) if str(status) in codes() else OTHER if code else ""


class Tally:
    """The answers that a lane has had since the last `flush`."""

    def __init__(self) -> None:
        self._found: Counter[tuple[str, str, str]] = Counter()

    def add(self, results: Iterable[Result]) -> None:
        """Count the answers to calls."""
        self._found.update(
            (one.provider, one.answer.outcome.value, code_of(one.answer.code, one.answer.status))
            for one in results
            if one.answer is not None
        )

    def flush(self) -> None:
        """Write what was counted."""
        found, self._found = self._found, Counter()
        _write(found)


def _write(found: Counter[tuple[str, str, str]]) -> None:
    """Add counts to their rows, in one order of locks."""
    for (provider, outcome, code), count in sorted(found.items()):
        rows = Answered.objects.filter(provider=provider, outcome=outcome, code=code)
        if not rows.update(count=F("count") + count):
            row = Answered(provider=provider, outcome=outcome, code=code)
            Answered.objects.bulk_create([row], ignore_conflicts=True)
            rows.update(count=F("count") + count)


def read() -> dict[tuple[str, str, str], int]:
    """Return all counts by provider, outcome and code."""
    rows = Answered.objects.values_list("provider", "outcome", "code", "count")
    return {(provider, outcome, code): count for provider, outcome, code, count in rows}
