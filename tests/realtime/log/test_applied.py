"""Which users have applied an event of a shared stream."""

from __future__ import annotations

from datetime import timedelta

import pytest

from realtime import clock, log, reach
from realtime.log import CursorMove
from realtime.models import Cursor
from realtime.streams import ANNOUNCEMENTS
from tests.stored import append

pytestmark = pytest.mark.django_db


def test_a_device_that_has_acknowledged_as_much_has_it(alice, bob, charlie):
    append(ANNOUNCEMENTS, 3)
    epoch = reach.positions([ANNOUNCEMENTS])[ANNOUNCEMENTS].epoch
    users = [alice.pk, bob.pk, charlie.pk]
    log.move_cursors(
        [
            CursorMove(alice.pk, "old", ANNOUNCEMENTS, epoch, 1),
            CursorMove(alice.pk, "phone", ANNOUNCEMENTS, epoch, 3),
            CursorMove(alice.pk, "tablet", ANNOUNCEMENTS, epoch, 2),
            CursorMove(bob.pk, "svc-tail", ANNOUNCEMENTS, epoch, 3),
            CursorMove(charlie.pk, "phone", ANNOUNCEMENTS, "another", 3),
        ]
    )
    earlier = clock.now() - timedelta(minutes=1)
    Cursor.objects.filter(device="tablet").update(updated_at=earlier)
    found = reach.applied(ANNOUNCEMENTS, epoch, 2, users)
    assert {user: device.device for user, device in found.items()} == {alice.pk: "tablet"}
    assert found[alice.pk].acked == 2
    assert found[alice.pk].acked_at == earlier
    assert reach.applied(ANNOUNCEMENTS, epoch, 4, users) == {}
    assert reach.applied(ANNOUNCEMENTS, epoch, 2, [bob.pk]) == {}
