"""Reads of what is proven of a customer."""

from __future__ import annotations

from hoardrun.payments.tiers.choices import Tier
from hoardrun.payments.tiers.models import TierDecision
from notifications.addresses.selectors import address_is_proven, has_proven


def tier_of(user_id: int) -> Tier:
    """Return the tier of a customer."""
    last = TierDecision.objects.filter(user_id=user_id).order_by("-pk").first()
    if last is not None and last.tier == Tier.IDENTIFIED:
        return Tier.IDENTIFIED
    return Tier.PHONE if has_proven(user_id=user_id, channel="sms") else Tier.NEW


def owns_phone(*, user_id: int, msisdn: str) -> bool:
    """Say whether a customer has proven, by a code, that a phone is theirs; `msisdn` is E.164."""
    return address_is_proven(user_id=user_id, channel="sms", value=msisdn)
