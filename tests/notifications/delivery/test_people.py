"""What decisions know of users, read by indexes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.delivery import people
from notifications.models import Delivery
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.delivery.support import HOUR, NUMBER
from tests.notifications.support import note

pytestmark = pytest.mark.django_db
OLD = 300  # deliveries of a user, long ago


def test_what_left_lately_is_found_without_reading_what_is_older(amina):
    row = support.delivery(note(amina), support.address(amina, "sms", NUMBER), state="accepted")
    names = [f.attname for f in Delivery._meta.concrete_fields if f.attname not in {"id", "rung"}]
    values = {name: getattr(row, name) for name in names}
    then = clock.now() - people.CAP_WINDOW - HOUR
    Delivery.objects.bulk_create(
        Delivery(**values | {"created_at": then - timedelta(hours=number)}, rung=100 + number)
        for number in range(OLD)
    )
    with CaptureQueriesContext(connection) as captured:
        [found] = people.load([amina.pk], clock.now()).values()
    assert [one.delivery_id for one in found.left] == [row.pk]
    [query] = [each["sql"] for each in captured if "notifications_delivery" in each["sql"]]
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if not is_sqlite:  # a small table is read whole, unless that is forbidden
            cursor.execute("ANALYZE notifications_delivery")
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{query}")
        plan = "\n".join(str(line[-1]) for line in cursor.fetchall())
    assert "delivery_lately" in plan
