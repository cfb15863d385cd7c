"""The nightly run, once for all nodes, and what a scrape says of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from hoardrun.ledger.journal import running
from hoardrun.ledger.journal.models import Verification
from hoardrun.ledger.models import Account
from realtime.meters import fleet

pytestmark = pytest.mark.django_db


def scraped() -> dict[str, float]:
    return {meter.name: value for meter, value in fleet.read() if meter.name.startswith("ledger_")}


def test_one_node_does_it_once_a_day(kes: Account):
    done = running.once_a_day()
    assert done is not None
    assert (done.accounts, done.postings, done.findings) == (1, 1, 0)
    assert running.once_a_day() is None


def test_findings_are_logged_and_scraped(kes: Account, caplog: pytest.LogCaptureFixture):
    assert scraped() == {}
    Account.objects.update(current_balance=7)
    with caplog.at_level(logging.ERROR):
        running.once_a_day()
    assert f"balance: account {kes.pk}, current balance: expected KES 1,000.00" in caplog.text
    assert "2 findings" in caplog.text
    seen = scraped()
    assert seen["ledger_findings"] == 2
    assert 0 <= seen["ledger_verified_seconds"] < 60


def test_a_run_of_a_part_does_not_count(kes: Account):
    running.run(datetime(2026, 1, 1, tzinfo=UTC), tell=str)
    assert (Verification.objects.count(), scraped()) == (1, {})


def test_a_run_that_fails_is_tried_again(kes: Account, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setitem(running.STEPS, "postings", lambda since: iter([1 // 0]))
        running.once_a_day()
    assert running.once_a_day() is not None


@pytest.mark.parametrize(("hour", "is_night"), [(21, False), (22, True), (1, True), (2, False)])
def test_it_runs_at_night(hour: int, is_night: bool):
    assert running.is_night(datetime(2026, 11, 29, hour, tzinfo=UTC)) is is_night


def test_it_looks_at_the_clock_of_the_database(kes: Account):
    running.nightly()
    assert Verification.objects.exists() is running.is_night(datetime.now(UTC))
