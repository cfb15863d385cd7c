"""Carry out the forms of the page "Why" by services; the admin's history keeps who did, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.admin.models import CHANGE
from django.forms import Form

from notifications.acts.forms import ResendForm, StopForm
from notifications.acts.resending import deliveries_repeated, notification_resend
from notifications.acts.stopping import ladder_stop
from notifications.choices import OutsideChannel
from notifications.models import Delivery, Notification
from realtime import audit
from realtime.errors import InvalidInput
from realtime.retry import one_transaction

MAY_RESEND = "notifications.resend_notification"
MAY_STOP = "notifications.change_notification"


@one_transaction
def resend(notification_id: str, given: Mapping[str, Any], *, by: int) -> str:
    """Send a notification again; return what was done. Raises Refused."""
    wanted = _cleaned(ResendForm(OutsideChannel.values, given))
    rows, _ = _resend(notification_id, wanted, by=by)
    label = OutsideChannel(wanted["channel"]).label
    return f"It is sent again by {label}: delivery {_numbers(rows)}."


@one_transaction
def resend_once(
    notification_id: str, wanted: Mapping[str, Any], *, by: int, key: str | None
) -> tuple[list[Delivery], bool]:
    """Send a notification again over the API; return its deliveries, and whether they are new.

    With a key, a repeated request sends nothing. Raises Refused.
    """
    if key is not None:
        values: Any = {**wanted, "key": key}
        if before := deliveries_repeated(notification_id=notification_id, by=by, **values):
            return before, False
    return _resend(notification_id, wanted, by=by, key=key, door=" over the API")


def _resend(
    notification_id: str,
    wanted: Mapping[str, Any],
    *,
    by: int,
    key: str | None = None,
    door: str = "",
) -> tuple[list[Delivery], bool]:
    values: Any = {**wanted, "key": key}
    rows = notification_resend(notification_id=notification_id, by=by, **values)
    asked = ", as the user has asked" if wanted["on_request"] else ""
    done = f"Sent again by {wanted['channel']}{door}{asked}: {_numbers(rows)}."
    _note(notification_id, by, f"{done} {wanted['why']}")
    return rows, True


def _numbers(rows: Sequence[Delivery]) -> str:
    return ", ".join(f"#{row.pk}" for row in rows)


@one_transaction
def stop(notification_id: str, given: Mapping[str, Any], *, by: int) -> str:
    """Stop the ladder of a notification; return what was done. Raises Refused."""
    wanted = _cleaned(StopForm(given))
    ladder_stop(notification_id=notification_id)
    _note(notification_id, by, f"Stopped its ladder. {wanted['why']}")
    return "Its ladder is stopped: nothing more is sent. It stays in the inbox."


def _cleaned(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        errors = {name: [str(one) for one in why] for name, why in form.errors.items()}
        raise InvalidInput(**errors)
    return form.cleaned_data


def _note(notification_id: str, by: int, message: str) -> None:
    row = Notification(pk=int(notification_id))
    audit.log(by, [row], CHANGE, message)
