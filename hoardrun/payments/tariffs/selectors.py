"""All reads of tariffs and limits."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from hoardrun.payments.fees import Band
from hoardrun.payments.limits import Limit
from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit, TariffRow
from realtime import clock

# Kenya, Uganda and Tanzania have one time, without changes in summer; providers count days by it.
ZONE = ZoneInfo("Africa/Nairobi")
R = TypeVar("R", bound=TariffRow)


def today() -> date:
    """Return the day of providers."""
    return day_of(clock.now())


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def day_begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE)


def holding(model: type[R], provider: str, kind: str, currency: str, on: date) -> QuerySet[R]:
    """Select the rows that hold for something on a day."""
    lasts = Q(valid_to__isnull=True) | Q(valid_to__gt=on)
    return model._default_manager.filter(
        lasts, provider=provider, kind=kind, currency=currency, valid_from__lte=on
    ).order_by("pk")


def bands_list(provider: str, kind: str, currency: str, on: date) -> list[Band]:
    return [row.band() for row in holding(ProviderFee, provider, kind, currency, on)]


def limits_list(provider: str, kind: str, currency: str, on: date) -> list[Limit]:
    return [row.limit() for row in holding(ProviderLimit, provider, kind, currency, on)]
