"""Create, change and remove alerts, as their users wish.

Each change is told to all devices of the user, last in its transaction. Only the engine arms an
alert: within a second, while it knows a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from time import monotonic
from typing import Any, Literal

from hoardrun.market.alerts import firing, thresholds
from hoardrun.market.alerts.board import Number
from hoardrun.market.alerts.choices import (
    AlertKind,
    AlertMode,
    AlertState,
    Window,
    metric_of,
)
from hoardrun.market.alerts.errors import AlertChanged, AlertLimit, AlreadyTrue
from hoardrun.market.alerts.firing import Fired
from hoardrun.market.alerts.judge import Seen
from hoardrun.market.alerts.models import NOTE_LENGTH, PriceAlert
from hoardrun.market.alerts.numbers import is_suspended, number_of, price_of
from hoardrun.market.alerts.payloads import alert_changed
from hoardrun.market.alerts.selectors import alert_get, alerts_list, quotes_of
from hoardrun.market.alerts.times import microseconds_of
from hoardrun.market.messages import PriceAlertChanged
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.selectors import instrument_get
from notifications import validation
from realtime.errors import InvalidInput
from realtime.publish import publish
from realtime.retry import one_transaction
from realtime.streams import user_stream

MAX_ALERTS = 100  # of one user
MAX_ALL = 1_000_000  # which the engine keeps in memory
COUNTED_SECONDS = 60
DEFAULT_COOLDOWN_SECONDS = 300
MAX_COOLDOWN_SECONDS = 30 * 86_400

# What of a repeated alert says when it is armed again.
_WAY_BACK = frozenset({"mode", "hysteresis", "cooldown_seconds"})

IfTrue = Literal["refuse", "fire"]


def alert_create(
    *,
    user_id: int,
    symbol: str,
    kind: str,
    threshold: str,
    window: str = "",
    mode: str = AlertMode.ONCE.value,
    hysteresis: str | None = None,
    cooldown_seconds: int = DEFAULT_COOLDOWN_SECONDS,
    note: str = "",
    urgent: bool = False,
    expires_at: datetime | None = None,
    if_true: IfTrue = "refuse",
) -> PriceAlert:
    """Wait for a number of an instrument, and return the alert.

    If it is so already, AlreadyTrue is raised; or with `if_true` as `fire` it fires in this
    transaction, unless the price cannot be trusted now: then with the next one that can. Raises
    InvalidInput, InstrumentNotFound and AlertLimit.
    """
    _check_kind(kind, window)
    row = PriceAlert(
        user_id=user_id,
        instrument=instrument_get(symbol=symbol),
        kind=kind,
        window=window,
        state=AlertState.PENDING,
        cooldown_seconds=DEFAULT_COOLDOWN_SECONDS,
    )
    _change(
        row,
        {
            "threshold": threshold,
            "mode": mode,
            "hysteresis": hysteresis,
            "cooldown_seconds": cooldown_seconds,
            "note": note,
            "urgent": urgent,
            "expires_at": expires_at,
        },
    )
    # Of two at once, both may be the last: the bounds protect the list and the engine.
    if alerts_list(user_id).count() >= MAX_ALERTS:
        raise AlertLimit(MAX_ALERTS)
    if _counted(int(monotonic() // COUNTED_SECONDS)) >= MAX_ALL:
        raise AlertLimit(MAX_ALL)
    return _stored(row, if_true)


@one_transaction
def alert_change(
    *,
    user_id: int,
    alert_id: int | str,
    version: int,
    changes: Mapping[str, Any],
    if_true: IfTrue = "refuse",
) -> PriceAlert:
    """Change an alert, and return it. One that waits for another number is armed anew.

    `changes` has any of `threshold`, `mode`, `hysteresis`, `cooldown_seconds`, `note`, `urgent`,
    `expires_at`, and `paused`; that as False arms it, also one that has fired or expired. One that
    waits for its way back waits for the one that holds now. Raises AlertNotFound, AlertChanged,
    InvalidInput and AlreadyTrue.
    """
    row = alert_get(user_id=user_id, alert_id=alert_id, is_locked=True)
    if row.version != version:
        raise AlertChanged(row.version)
    before, waits = row.state, row.waits_for_way_back
    _change(row, changes)
    row.version += 1
    if changes.get("paused") is True:
        row.state = AlertState.PAUSED
    elif _is_to_be_armed(before, changes):
        row.state = AlertState.PENDING
        row.armed_price = row.armed_as_of = None
        return _stored(row, if_true)
    elif waits and _WAY_BACK & changes.keys():  # the engine is to know of it
        row.state = AlertState.PENDING if row.is_repeated else AlertState.FIRED
    row.save()
    _tell(row, quotes_of([row]).get(row.instrument_id))
    return row


@one_transaction
def alert_remove(*, user_id: int, alert_id: int | str) -> None:
    """Remove an alert. Raises AlertNotFound."""
    row = alert_get(user_id=user_id, alert_id=alert_id, is_locked=True)
    told = PriceAlertChanged(id=str(row.pk))
    row.delete()
    publish(user_stream(user_id), told)


def _is_to_be_armed(before: str, changes: Mapping[str, Any]) -> bool:
    if changes.get("paused") is False:
        return True
    if before == AlertState.PAUSED:
        return False
    return "threshold" in changes or (before == AlertState.EXPIRED and "expires_at" in changes)


@one_transaction
def _stored(row: PriceAlert, if_true: IfTrue) -> PriceAlert:
    """Store an alert that is to be armed; what is so already is refused, or fires now."""
    quote = quotes_of([row]).get(row.instrument_id)
    number = None if quote is None else number_of(quote, row.metric)
    is_true = number is not None and thresholds.is_reached(row.is_above, row.threshold, number)
    if is_true and if_true == "refuse":
        assert number is not None
        raise AlreadyTrue(thresholds.text(number, row.metric, row.instrument.decimals))
    if not is_true or is_suspended(quote):
        row.save()
        _tell(row, quote)
        return row
    assert quote is not None and number is not None
    at = microseconds_of(quote.as_of)
    row.armed_price, row.armed_as_of = price_of(quote), quote.as_of
    row.save()
    seen = Seen(Number(number, price_of(quote), at), quote.source)
    # The engine does not know of it, and takes up what is pending.
    state = AlertState.PENDING if row.is_repeated else AlertState.FIRED
    firing.fire([Fired(row, seen, state)])
    return row


def _tell(row: PriceAlert, quote: LiveQuote | None) -> None:
    publish(user_stream(row.user_id), alert_changed(row, is_suspended=is_suspended(quote)))


def _check_kind(kind: str, window: str) -> None:
    if kind not in AlertKind.values:
        raise InvalidInput("kind", f"must be one of {', '.join(AlertKind.values)}")
    if AlertKind(kind).is_change:
        if window not in Window.values:
            raise InvalidInput("window", f"must be one of {', '.join(Window.values)} for a change")
    elif window:
        raise InvalidInput("window", "belongs to a change; leave it out")


def _change(row: PriceAlert, changes: Mapping[str, Any]) -> None:
    """Set what an alert's user has chosen. Raises InvalidInput."""
    kind, decimals = AlertKind(row.kind), row.instrument.decimals
    if "threshold" in changes:
        try:
            row.threshold = thresholds.read(changes["threshold"], kind, row.window, decimals)
        except ValueError as error:
            raise InvalidInput("threshold", str(error)) from None
    if "hysteresis" in changes:
        row.hysteresis = _hysteresis(row, changes["hysteresis"])
    elif row.hysteresis is not None and "threshold" in changes:
        written = thresholds.text(row.hysteresis, metric_of(kind, row.window), decimals)
        _hysteresis(row, written)  # it must suit the new threshold
    if "mode" in changes:
        row.mode = validation.choice("mode", changes["mode"], AlertMode.values)
    if "cooldown_seconds" in changes:
        row.cooldown_seconds = changes["cooldown_seconds"]
        if not 1 <= row.cooldown_seconds <= MAX_COOLDOWN_SECONDS:
            raise InvalidInput("cooldown_seconds", f"must be from 1 to {MAX_COOLDOWN_SECONDS}")
    if "note" in changes:
        note = changes["note"]
        row.note = validation.text("note", note, NOTE_LENGTH) if note else ""
    row.is_urgent = changes.get("urgent", row.is_urgent)
    if "expires_at" in changes:
        row.expires_at = validation.future("expires_at", changes["expires_at"])


def _hysteresis(row: PriceAlert, text: str | None) -> int | None:
    if text is None:
        return None
    kind, decimals = AlertKind(row.kind), row.instrument.decimals
    try:
        return thresholds.read_hysteresis(text, kind, row.threshold, decimals)
    except ValueError as error:
        raise InvalidInput("hysteresis", str(error)) from None


@lru_cache(maxsize=1)
def _counted(minute: int) -> int:
    """Count all alerts, once a minute."""
    return PriceAlert.objects.count()
