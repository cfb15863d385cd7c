"""Accounts that payments are made on."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from tests.hoardrun.payments.calling.support import set_up


@pytest.fixture(autouse=True)
def _providers(settings) -> None:
    """All providers are set up, and none is called."""
    settings.PAYMENTS = set_up("https://provider.example")


@pytest.fixture
def ugx(bob: User) -> Account:
    """Bob's account with UGX 50000."""
    return account_open(user_id=bob.pk, currency="UGX", opening_balance="50000")


@pytest.fixture
def kes(alice: User) -> Account:
    """Alice's account with KES 1000.00."""
    return account_open(user_id=alice.pk, currency="KES", opening_balance="1000")
