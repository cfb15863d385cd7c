"""The trace of a transaction's event names the move and its actor."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.ledger import actors
from hoardrun.ledger.messages import TransactionUpdate
from hoardrun.ledger.models import Account
from realtime.models import Event
from realtime.streams import user_stream
from realtime.trace.report import Entry
from realtime.trace.services import trace_event
from tests.hoardrun.ledger.conftest import create, move

pytestmark = pytest.mark.django_db


def entries(user: User, event: Event) -> list[Entry]:
    found = trace_event(user_stream(user.pk), event.offset, ask=False)
    return [entry for entry in found.timeline if entry.source == "ledger"]


def test_each_event_names_its_own_move(kes: Account, alice: User, bob: User) -> None:
    txn = create(kes, by=actors.user(alice.pk))
    move(txn, "completed", by=actors.staff(bob.pk))
    own = Event.objects.filter(
        stream__name=user_stream(alice.pk), type=TransactionUpdate.wire_type
    ).order_by("offset")
    texts = [entry.text for event in own for entry in entries(alice, event)]
    assert texts == [
        f"Transaction #{txn.pk} became pending, by user {alice.pk}.",
        f"Transaction #{txn.pk} became completed, by staff {bob.pk}.",
    ]


def test_other_events_name_none(kes: Account, alice: User) -> None:
    create(kes, by=actors.user(alice.pk))
    others = Event.objects.exclude(type=TransactionUpdate.wire_type)
    assert [one for event in others for one in entries(alice, event)] == []
