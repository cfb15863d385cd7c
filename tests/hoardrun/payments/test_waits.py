"""A prompt ends after its provider's time, and what nobody has sent in time is too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hoardrun.payments import waits
from tests.hoardrun.payments.calling.support import set_up

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_only_who_pays_is_prompted() -> None:
    assert waits.prompt_end("daraja", "collect", NOW) == NOW + timedelta(seconds=60)
    assert waits.prompt_end("daraja", "payout", NOW) is None
    assert waits.may_be_sent_since(NOW) == NOW - waits.PATIENCE


def test_tests_divide_the_time_of_a_prompt_but_outages_stay_as_long(settings) -> None:
    settings.PAYMENTS = set_up("https://provider.example", PAYMENTS_TIME_SCALE=100.0)
    assert waits.prompt_end("mtn", "collect", NOW) == NOW + timedelta(seconds=3)
    assert waits.may_be_sent_since(NOW) == NOW - waits.LEAST_PATIENCE
    settings.PAYMENTS = set_up("https://provider.example", PAYMENTS_TIME_SCALE=2.0)
    assert waits.may_be_sent_since(NOW) == NOW - waits.PATIENCE / 2
