"""Staff decide on tiers of others, with a reason."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from hoardrun.payments.tiers.errors import OwnTier
from hoardrun.payments.tiers.models import TierDecision
from hoardrun.payments.tiers.selectors import tier_of
from hoardrun.payments.tiers.services import tier_decide
from realtime.errors import InvalidInput, Refused


def test_the_newest_decision_holds(alice: User, dora: User):
    assert tier_of(alice.pk) == "new"
    tier_decide(user_id=alice.pk, tier="identified", why="A passport.", by=dora.pk)
    assert tier_of(alice.pk) == "identified"
    tier_decide(user_id=alice.pk, tier="new", why="It has expired.", by=dora.pk)
    assert tier_of(alice.pk) == "new"
    assert [row.why for row in TierDecision.objects.order_by("pk")] == [
        "A passport.",
        "It has expired.",
    ]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"tier": "phone"}, InvalidInput),  # that is proven by a code, not by staff
        ({"tier": "king"}, InvalidInput),
        ({"why": " "}, InvalidInput),
        ({"why": "x" * 201}, InvalidInput),
        ({"user_id": 0}, InvalidInput),
        ({"user_id": None}, OwnTier),
    ],
)
def test_a_decision_is_refused_and_nothing_is_written(
    alice: User, dora: User, wrong: dict[str, object], error: type[Refused]
):
    given = {"user_id": alice.pk, "tier": "identified", "why": "A passport.", **wrong}
    if given["user_id"] is None:
        given["user_id"] = dora.pk
    with pytest.raises(error):
        tier_decide(by=dora.pk, **given)  # type: ignore[arg-type]
    assert not TierDecision.objects.exists()
