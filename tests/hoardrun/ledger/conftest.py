"""Accounts of Alice and Bob, transactions on them, and what was published to their users."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections

from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from realtime.models import Event
from realtime.streams import user_stream


@pytest.fixture
def kes(alice: User) -> Account:
    """Alice's account with KES 1000.00."""
    return account_open(user_id=alice.pk, currency="KES", opening_balance="1000")


@pytest.fixture
def ugx(bob: User) -> Account:
    """Bob's account with UGX 50000."""
    return account_open(user_id=bob.pk, currency="UGX", opening_balance="50000")


def published(user: User, type: str = "") -> list[str]:
    """List the payloads published to a user, in order; of one type, if given."""
    events = Event.objects.filter(stream__name=user_stream(user.pk)).order_by("offset")
    return [event.payload for event in events if type in ("", event.type)]


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Call from `count` threads that start together; return results and exceptions."""
    barrier = threading.Barrier(count)
    outcomes: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            connection.ensure_connection()  # before the start: connecting would spread them out
            barrier.wait(timeout=30)
            outcomes[number] = call(number)
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes
