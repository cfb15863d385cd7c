"""What the database refuses, whoever writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from notifications.models import Notification
from tests.notifications.support import HOUR, draft


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "read"},
        {"status": "archived"},
        {"status": "gone"},
        {"type": "gossip"},
        {"priority": "extreme"},
        {"scheduled_at": timezone.now() + HOUR, "expires_at": timezone.now()},
    ],
)
def test_it_refuses_a_notification_that_contradicts_itself(alice, fields: dict[str, Any]):
    with pytest.raises(IntegrityError):
        Notification.objects.create(user=alice, title="Hello", message="World", **fields)


def test_it_refuses_an_announcement_that_ends_before_it_starts(charlie):
    now = timezone.now()
    with pytest.raises(IntegrityError):
        draft(charlie, starts_at=now, ends_at=now - HOUR)
