"""What the SMS after an announcement will cost at most, and how far they are."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Now

from notifications import languages
from notifications.choices import AddressState, DeliveryState
from notifications.delivery.fallback import announcement_sms
from notifications.fallbacks.errors import FallbackNotFound
from notifications.models import Address, Delivery, Fallback, Suppression
from notifications.policy.facts import EVERYTHING

PRICED = 1000  # of the newest SMS, which say what a segment costs
_CENT = Decimal("0.01")


class Estimate(NamedTuple):
    """The most that a fallback can cost: as if nobody's device had the announcement.

    `cost` is None while no provider has told a price.
    """

    people: int
    segments: dict[str, int]  # of the SMS, by language
    cost: Decimal | None
    currency: str

    def __str__(self) -> str:
        lengths = "/".join(str(count) for count in sorted(set(self.segments.values())))
        text = f"at most {self.people:,} SMS of {lengths} segment(s)"
        if self.cost is None:
            return f"{text}; no provider has told a price yet"
        return f"{text}, about {self.currency} {self.cost:,} if nobody had it"


def fallback_get(announcement_id: int) -> Fallback:
    """Return the fallback of an announcement. Raises FallbackNotFound."""
    found = Fallback.objects.select_related("announcement").filter(pk=announcement_id).first()
    if found is None:
        raise FallbackNotFound(announcement_id)
    return found


def fallback_estimate(fallback: Fallback) -> Estimate:
    """Calculate what a fallback costs at most."""
    said = announcement_sms(fallback)
    segments = {code: said(code).segments for code in languages.CODES}
    people = _people()
    price, currency = _price()
    cost = None if price is None else price * people * max(segments.values())
    if cost is not None:
        cost = cost.quantize(_CENT, rounding=ROUND_UP)
    return Estimate(people, segments, cost, currency)


def fallback_sent(fallback: Fallback) -> dict[str, int]:
    """Count the SMS of a fallback by their states."""
    rows = Delivery.objects.filter(announcement=fallback.pk).order_by().values_list("state")
    found = dict(rows.annotate(Count("pk")))
    return {str(state): found[state] for state in DeliveryState.values if state in found}


def _people() -> int:
    """Count the users who have a number that may be used."""
    suppressed = Suppression.objects.filter(
        Q(until__isnull=True) | Q(until__gt=Now()),
        channel="sms",
        scope=EVERYTHING,
        hash=OuterRef("hash"),
    )
    numbers = Address.objects.filter(
        ~Exists(suppressed), channel="sms", state=AddressState.VERIFIED, user__is_active=True
    )
    return int(numbers.aggregate(people=Count("user", distinct=True))["people"])


def _price() -> tuple[Decimal | None, str]:
    """Return what a segment has cost lately, by the newest SMS whose price is known."""
    priced = Delivery.objects.filter(channel="sms", cost__isnull=False, accepted_at__isnull=False)
    columns = ("cost", "cost_currency", "segments")
    newest = list(priced.order_by("-accepted_at").values_list(*columns)[:PRICED])
    if not newest:
        return None, ""
    currency = newest[0][1]
    same = [row for row in newest if row[1] == currency]
    total = sum((abs(cost) for cost, _, _ in same), Decimal())
    return total / sum(segments or 1 for _, _, segments in same), currency
