"""The limits of SMS, which are a bill: numbers, users, countries, and money in an hour.

They hold for required messages too: somebody who makes us send thousands earns by each. Counted in
the transaction of the claim, from rows, so that all workers share them. Emergency announcements,
which two people have decided on, are neither counted nor held back; only their countries are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from notifications.channels.options import ChannelOptions, options
from notifications.delivery import bill
from notifications.delivery.people import country_of
from notifications.models import Delivery


class Limits:
    """The numbers and the money that the SMS of one claim may still use up."""

    def __init__(self, rows: Sequence[Delivery], now: datetime) -> None:
        self._options: ChannelOptions = options()
        left = bill.sent_since(now - bill.DAY)
        self._numbers = _counts(left, "address_hash", {row.address_hash for row in rows})
        self._users = _counts(left, "user_id", {row.user_id for row in rows})
        self._countries: Counter[str] = Counter()
        if self._options.sms_per_country_per_day:
            for country in {_country(row) for row in rows} - {""}:
                self._countries[country] = bill.of_country(country, now)
        self.is_spent = bill.is_spent(now)

    def refuse(self, row: Delivery) -> str:
        """Return why an SMS may not go, or "" and count it."""
        chosen, country = self._options, _country(row)
        if country not in chosen.sms_countries:
            return "country"
        if row.announcement_id is not None:
            return ""
        limit = chosen.sms_per_country_per_day
        if limit and self._countries[country] >= limit:
            return "capped(country)"
        if row.attempts:  # it was counted at its first attempt
            return ""
        if self._numbers[row.address_hash] >= chosen.sms_per_number_per_day:
            return "capped(number)"
        if self._users[row.user_id] >= chosen.sms_per_user_per_day:
            return "capped(user)"
        self._countries[country] += 1
        self._numbers[row.address_hash] += 1
        self._users[row.user_id] += 1
        return ""


def _counts(rows: QuerySet[Delivery], column: str, values: set[Any]) -> Counter[Any]:
    """Count rows by the values of a column."""
    found = rows.filter(**{f"{column}__in": values}).order_by().values_list(column)
    return Counter(dict(found.annotate(count=Count("pk"))))


def _country(row: Delivery) -> str:
    return "" if row.address is None else country_of(row.address.value)
