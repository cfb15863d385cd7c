"""Many rows in one statement: each value arrives as Django would have written it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import Error, transaction

from notifications.delivery.rows import insert, update
from notifications.models import Delivery
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.delivery.support import NUMBER
from tests.notifications.support import note

pytestmark = pytest.mark.django_db

CHANGES = {
    "state": "accepted",
    "reason": 'it says "50%"',
    "evidence": {"device": "her phone", "at": None},
    "context": None,
    "late": True,
    "lease": 7,
    "segments": 2,
    "cost": Decimal("-0.800001"),
    "provider_id": None,
    "lease_until": None,
}


@pytest.fixture
def rows(alice):
    to = support.address(alice, "sms", NUMBER)
    return [support.delivery(note(alice), to, provider_id=f"id{n}") for n in range(3)]


def test_each_row_takes_its_own_values_and_no_other_column(rows):
    now = clock.now()
    for number, row in enumerate(rows[:2]):
        row.priority = 9  # which is not named
        for name, value in CHANGES.items():
            setattr(row, name, value)
        row.not_before = now + timedelta(seconds=number)
    update(rows[:2], [*CHANGES, "not_before"])
    for number, row in enumerate(Delivery.objects.filter(pk__lt=rows[2].pk).order_by("pk")):
        assert {name: getattr(row, name) for name in CHANGES} == CHANGES
        assert (row.not_before, row.priority) == (now + timedelta(seconds=number), 0)
    assert Delivery.objects.get(pk=rows[2].pk).state == "queued"
    update([], ["state"])


def test_a_row_that_is_there_already_stays_as_it_is(rows):
    row = rows[0]
    stored = Delivery.objects.get(pk=row.pk)
    again = Delivery(**{f.attname: getattr(row, f.attname) for f in Delivery._meta.concrete_fields})
    again.pk, again.state, again.provider_id = None, "failed", None
    other = Delivery(**{f.attname: getattr(row, f.attname) for f in Delivery._meta.concrete_fields})
    other.pk, other.rung, other.provider_id = None, 8, None
    insert([again, other])
    insert([])
    assert Delivery.objects.count() == 4
    assert Delivery.objects.get(pk=row.pk).state == stored.state
    new = Delivery.objects.get(rung=8)
    names = [f.attname for f in Delivery._meta.concrete_fields if f.attname not in {"id", "rung"}]
    assert {n: getattr(new, n) for n in names} == {
        **{n: getattr(stored, n) for n in names},
        "provider_id": None,
    }


def test_a_text_that_is_too_long_is_not_cut_silently(rows):
    rows[0].reason = "x" * 200
    try:
        with transaction.atomic():
            update(rows[:1], ["reason"])
    except Error:  # PostgreSQL's
        return
    assert Delivery.objects.get(pk=rows[0].pk).reason == "x" * 200
