"""All reads of what users have chosen. Nothing here decides what is sent: `policy` does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, cast

from babel.numbers import get_currency_precision
from django.db.models import Max

from notifications.kinds import Channel
from notifications.messages import PreferencesChanged, QuietWindow
from notifications.models import Consent, Preference
from notifications.policy.facts import Chosen, Window
from realtime.protocol.codec import timestamp
from realtime.sql.prepared import Prepared

# The columns that a user chooses by; `version` says which choice it is.
CHOSEN = (
    "cells", "quiet", "digests", "zone", "locale", "muted_until", "hide_amounts", "sms_above",
    "sms_above_currency",
)  # fmt: skip
_rows = Prepared(
    lambda user_id: Preference.objects.filter(user_id=user_id).values_list("version", *CHOSEN)
)


def preferences_get(user_id: int) -> PreferencesChanged:
    """Return what a user has chosen; version 0 and nothing for one who never has."""
    rows = _rows.rows(user_id)
    return preferences_payload(rows[0]) if rows else PreferencesChanged(version=0)


def preferences_payload(row: Any) -> PreferencesChanged:
    """Describe a row of Preference, or of the query above. The same on the wire and over HTTP."""
    return PreferencesChanged(
        version=row.version,
        cells=row.cells,
        quiet=[QuietWindow(**window) for window in row.quiet],
        digests=row.digests,
        zone=row.zone,
        locale=row.locale,
        muted_until=_time(row.muted_until),
        hide_amounts=row.hide_amounts,
        sms_above=amount_text(row.sms_above, row.sms_above_currency),
        sms_above_currency=row.sms_above_currency,
    )


def amount_text(amount: Decimal | None, currency: str) -> str | None:
    """Write an amount with the decimals of its currency."""
    if amount is None:
        return None
    return str(amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency))))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment.astimezone(UTC))


def consents_newest(user_id: int) -> Mapping[tuple[Channel, str], Consent]:
    """Return the newest word of a user on each channel and category, by these two."""
    own = Consent.objects.filter(user_id=user_id)
    newest = own.order_by().values("channel", "category").annotate(newest=Max("pk"))
    rows = Consent.objects.filter(pk__in=newest.values("newest"))
    return {(cast("Channel", row.channel), row.category): row for row in rows}


def consents_granted(user_id: int) -> frozenset[tuple[Channel, str]]:
    """Return the channels and categories to which a user consents."""
    return frozenset(key for key, row in consents_newest(user_id).items() if row.granted)


def chosen(row: Any, consents: Mapping[tuple[Channel, str], bool]) -> Chosen:
    """Describe a row of Preference to the rules of `policy`."""
    return Chosen(
        version=row.version,
        cells=row.cells,
        quiet=tuple(map(_window, row.quiet)),
        digests=row.digests,
        zone=row.zone,
        locale=row.locale,
        muted_until=row.muted_until,
        hide_amounts=row.hide_amounts,
        sms_above=row.sms_above,
        sms_above_currency=row.sms_above_currency,
        consents=consents,
    )


def _window(window: Mapping[str, Any]) -> Window:
    start, end = (time.fromisoformat(window[edge]) for edge in ("start", "end"))
    return Window(start=start, end=end, days=window["days"])
