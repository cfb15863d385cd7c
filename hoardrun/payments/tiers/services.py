"""Decide on tiers."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from hoardrun.payments.tiers.choices import Tier
from hoardrun.payments.tiers.errors import OwnTier
from hoardrun.payments.tiers.models import DECIDED, TierDecision
from notifications.validation import why_given
from realtime.errors import InvalidInput


def tier_decide(*, user_id: int, tier: str, why: str, by: int) -> TierDecision:
    """Record what staff has decided of a customer. Raises InvalidInput and OwnTier."""
    if tier not in DECIDED:
        raise InvalidInput("tier", f"takes one of {', '.join(DECIDED)}")
    if user_id == by:
        raise OwnTier
    why = why_given(why)
    if not get_user_model()._default_manager.filter(pk=user_id).exists():
        raise InvalidInput("user", "is nobody")
    row = TierDecision(user_id=user_id, tier=Tier(tier), why=why, decided_by_id=by)
    row.save()
    return row
