"""The customer of the demo who has an account for each outcome of a payment."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.demo import tour
from hoardrun.demo.providers.money.outcomes import OUTCOMES
from hoardrun.ledger.models import Account
from hoardrun.payments.models import ProviderPayment
from tests.hoardrun.payments.calling.support import set_up

pytestmark = pytest.mark.django_db


def test_each_outcome_is_asked_for_once(settings: Any):
    settings.PAYMENTS = set_up("https://provider.example")
    for _ in range(2):
        tour.seed()
    rows = ProviderPayment.objects.select_related("txn__account")
    found = {row.msisdn[-2:]: row for row in rows}
    assert sorted(found) == [f"{digits:02}" for digits in sorted(OUTCOMES)]
    for digits, outcome in OUTCOMES.items():
        account = found[f"{digits:02}"].txn.account
        assert account.name == f"{digits:02} · {outcome.title}"
        assert account.user.get_username() == tour.LOGIN["username"]
    assert {row.provider for row in rows} == set(tour.GATEWAYS)


def test_where_no_provider_takes_it_nothing_is_asked_for(settings: Any):
    settings.PAYMENTS = set_up("https://provider.example") | {"PAYMENTS_PROVIDERS": ("daraja",)}
    tour.seed()
    assert User.objects.filter(username=tour.LOGIN["username"]).exists()
    assert not Account.objects.exists()
