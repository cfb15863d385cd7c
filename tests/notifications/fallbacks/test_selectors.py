"""What the SMS after an announcement cost at most."""

from __future__ import annotations

from decimal import Decimal

import pytest

from notifications.fallbacks.errors import FallbackNotFound
from notifications.fallbacks.selectors import fallback_estimate, fallback_get, fallback_sent
from notifications.models import Address, Suppression
from realtime import clock
from tests.notifications.delivery import support
from tests.notifications.fallbacks.support import people, published
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


def test_it_counts_numbers_that_may_be_used_and_segments_of_each_language():
    (user, to), (_, dead), (_, unproven) = people(3)
    support.address(user, "sms", "+256772999999")  # one SMS goes to a user, not to each number
    Suppression.objects.create(
        channel="sms", hash=dead.hash, reason="bounced", created_at=clock.now()
    )
    Address.objects.filter(pk=unproven.pk).update(state="pending")
    fallback = fallback_get(published(lg="ŋ" * 60).pk)
    found = fallback_estimate(fallback)
    assert (found.people, found.segments) == (1, {"en": 1, "sw": 1, "fr": 1, "lg": 2})
    assert "no provider has told a price yet" in str(found)
    for cost, segments in (("-40", 1), ("80", 2)):
        support.delivery(
            note(user), to, state="delivered", accepted_at=clock.now(), segments=segments,
            cost=Decimal(cost), cost_currency="UGX", provider="p", provider_id=cost,
        )  # fmt: skip
    found = fallback_estimate(fallback)
    assert (found.cost, found.currency) == (Decimal("80.00"), "UGX")
    assert str(found).endswith("about UGX 80.00 if nobody had it")


def test_it_counts_what_was_sent_by_state_and_knows_no_other():
    assert fallback_sent(fallback_get(published().pk)) == {}
    with pytest.raises(FallbackNotFound):
        fallback_get(12345)
