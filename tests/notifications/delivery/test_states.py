"""The state of a delivery from its facts, in any order."""

from __future__ import annotations

from itertools import permutations
from typing import get_args

import pytest
from django.contrib.auth.models import User

from notifications.choices import DeliveryState
from notifications.delivery.receipts import Fact, learn
from notifications.delivery.states import COLUMN_OF, channel_of, facts_of, state_of
from notifications.models import Delivery
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.support import note

CASES = [
    ("sms", ["accepted", "failed", "delivered"], "delivered"),  # 18: it has arrived after all
    ("sms", ["accepted", "failed"], "failed"),
    ("sms", ["accepted"], "accepted"),
    ("email", ["accepted", "delivered", "bounced"], "bounced"),  # 18: it came back
    ("email", ["accepted", "delivered", "complained"], "delivered"),
    ("email", ["complained"], "accepted"),
    ("email", ["opened"], "sending"),  # proxies open mail
    ("push", ["accepted", "displayed"], "delivered"),
    ("push", ["dismissed"], "delivered"),
    ("push", [], "sending"),
]


@pytest.mark.parametrize(("channel", "facts", "state"), CASES)
@pytest.mark.reported(number=18)
def test_facts_in_any_order_make_one_state(channel, facts, state):
    for order in permutations(facts):
        found, known = DeliveryState.SENDING, set()
        for fact in order:
            known |= {COLUMN_OF[fact]} if fact in COLUMN_OF else set()
            found = state_of(channel, known, found)
        assert found == state


def test_every_fact_has_a_column():
    assert set(COLUMN_OF.values()) == set(Delivery.FACTS)
    assert set(COLUMN_OF) | {"opened", "unsubscribed"} == set(get_args(Fact))


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["skipped", "cancelled", "expired"])
def test_what_was_never_sent_stays_so(state):
    user = User.objects.create_user("amina")
    row = support.delivery(
        note(user), support.address(user, "sms", support.NUMBER), state=state, attempts=1
    )
    learn(row, ["delivered"], clock.now(), clock.now())
    assert (row.state, facts_of(row), channel_of(row)) == (state, {"delivered_at"}, "sms")
