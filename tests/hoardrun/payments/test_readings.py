"""The gauges of payments, and what says that nobody moves them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from hoardrun.payments import readings
from hoardrun.payments.models import ProviderBalance, ProviderPayment
from realtime import clock
from realtime.outgoing import heartbeat
from tests.hoardrun.payments.calling.support import set_up
from tests.hoardrun.payments.inbox.support import call, of_mtn, path_of, sent
from tests.services.ports import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _settings(settings) -> None:
    settings.PAYMENTS = set_up("https://provider.example")


def test_gauges_count_what_is_open_and_how_long_it_waits(alice: User) -> None:
    found = readings.PAYING.read()
    assert set(found["payments_open"].values()) == {0}
    assert (found["payments_overdue_seconds"], found["payment_callbacks_unread_seconds"]) == (0, 0)
    assert found["provider_balance"] == {}
    row, now = sent(alice), clock.now()
    ProviderPayment.objects.filter(pk=row.pk).update(next_check_at=now - timedelta(seconds=90))
    call(path_of(row), of_mtn(row))
    ProviderBalance.objects.create(
        provider="mtn", kind="payout", currency="UGX", minor=120_000, told_at=now
    )
    found = readings.PAYING.read()
    assert found["payments_open"]["mtn", "created"] == 1
    assert sum(found["payments_open"].values()) == 1
    assert found["payments_overdue_seconds"] >= 90
    assert found["provider_balance"] == {("mtn", "UGX"): 120_000}

    def is_unread() -> bool:
        age: float = readings.PAYING.read()["payment_callbacks_unread_seconds"]
        return age > 0

    wait_until(is_unread, seconds=10, what="a millisecond has passed")


def test_a_worker_that_nobody_hears_is_missed_where_a_provider_is_set_up(settings) -> None:
    assert len(list(readings.no_worker())) == 1 and readings.PAYING.read()["payments_silent"] == 1
    heartbeat.beat(readings.WORKER)
    assert list(readings.no_worker()) == [] and readings.PAYING.read()["payments_silent"] == 0
    settings.PAYMENTS = {}
    assert list(readings.no_worker()) == []
