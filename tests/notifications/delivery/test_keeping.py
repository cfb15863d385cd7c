"""What messages said is forgotten, what became of them is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from notifications.delivery.keeping import KEPT, forget_texts
from realtime import clock, jobs
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def test_the_values_of_old_messages_are_forgotten_once_a_day():
    user = User.objects.create_user("amina")
    to = support.address(user, "sms", support.NUMBER)
    then = clock.now() - KEPT - timedelta(minutes=1)
    old = support.delivery(note(user), to, state="delivered", created_at=then)
    new = support.delivery(note(user), to)
    assert forget_texts() == 1
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.context, old.state, old.address_hash) == (None, "delivered", to.hash)
    assert new.context is not None
    new.created_at = then
    new.save(update_fields=["created_at"])
    assert forget_texts() == 0  # another node has just done it
    jobs.give_back("forget_texts")
    assert forget_texts() == 1
