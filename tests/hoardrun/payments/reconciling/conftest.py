"""An account for money that comes by MTN."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open


@pytest.fixture
def ugx(alice: User) -> Account:
    """Alice's empty account in UGX."""
    return account_open(user_id=alice.pk, currency="UGX")
