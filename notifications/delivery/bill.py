"""Count all SMS for the limits of countries and money, also those that are no delivery.

A code and the answer to STOP are no deliveries: each has a row of DirectSms, written before its
call.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import phonenumbers
from django.db.models import QuerySet, Sum

from notifications.channels.message import Answer
from notifications.channels.options import options
from notifications.delivery.people import country_of
from notifications.delivery.states import NEVER_SENT
from notifications.models import Delivery, DirectSms
from realtime import clock
from realtime.retry import one_transaction

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEPT = timedelta(days=2)

logger = logging.getLogger(__name__)


def sent_since(moment: datetime) -> QuerySet[Delivery]:
    """Select the deliveries by SMS that were called for since a moment, but emergencies."""
    called = Delivery.objects.filter(channel="sms", attempts__gt=0, created_at__gt=moment)
    return called.filter(announcement__isnull=True).exclude(state__in=NEVER_SENT)


def of_country(country: str, now: datetime) -> int:
    """Count the SMS that went to a country within a day."""
    code = phonenumbers.country_code_for_region(country)
    left = sent_since(now - DAY).filter(address__value__startswith=f"+{code}")
    direct = DirectSms.objects.filter(country=country, created_at__gt=now - DAY)
    return left.count() + direct.count()


def is_spent(now: datetime) -> bool:
    """Say whether the money of this hour is used up: no SMS leaves before it is over."""
    limit = options().sms_cost_per_hour
    return bool(limit) and _spent(now - HOUR) >= limit


def _spent(moment: datetime) -> Decimal:
    priced: dict[str, Any] = {
        "cost__isnull": False, "cost_currency": options().sms_cost_currency,
    }  # fmt: skip
    sums = (
        Delivery.objects.filter(
            channel="sms", accepted_at__gt=moment, announcement__isnull=True, **priced
        ),
        DirectSms.objects.filter(created_at__gt=moment, **priced),
    )
    return sum((Decimal(one.aggregate(sum=Sum("cost"))["sum"] or 0) for one in sums), Decimal(0))


@one_transaction
def direct_take(number: str) -> DirectSms | None:
    """Count an SMS that is no delivery; return None, and say so, where the limits refuse it."""
    given, now, country = options(), clock.now(), country_of(number)
    limit = given.sms_per_country_per_day
    refused = ""
    if country not in given.sms_countries:
        refused = "country"
    elif limit and of_country(country, now) >= limit:
        refused = "capped(country)"
    elif is_spent(now):
        refused = "spent"
    if refused:
        logger.error("an SMS that is no delivery is not sent: %s", refused)
        return None
    return DirectSms.objects.create(country=country, created_at=now)


def direct_cost(row: DirectSms, answer: Answer) -> None:
    """Keep what an SMS has cost, if its provider says so."""
    if answer.cost is not None:
        row.cost, row.cost_currency = answer.cost, answer.cost_currency
        row.save(update_fields=["cost", "cost_currency"])


def direct_forget(now: datetime) -> int:
    """Delete what no limit counts any more."""
    return DirectSms.objects.filter(created_at__lt=now - KEPT).delete()[0]
