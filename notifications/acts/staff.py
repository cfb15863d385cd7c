"""Acts of the page "Why": a form is read, a service acts, and the history keeps who did and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.admin.models import CHANGE, LogEntry
from django.forms import Form

from notifications.acts.forms import ResendForm, StopForm
from notifications.acts.resending import notification_resend
from notifications.acts.stopping import ladder_stop
from notifications.choices import OutsideChannel
from notifications.kinds import Channel
from notifications.models import Notification
from realtime.errors import InvalidInput
from realtime.retry import one_transaction

MAY_RESEND = "notifications.resend_notification"
MAY_STOP = "notifications.change_notification"


@one_transaction
def resend(notification_id: str, given: Mapping[str, Any], *, by: int) -> str:
    """Send a notification again; return what was done. Raises Refused."""
    wanted = _cleaned(ResendForm(OutsideChannel.values, given))
    channel = cast("Channel", wanted["channel"])
    rows = notification_resend(notification_id=notification_id, by=by, **wanted)
    numbers = ", ".join(f"#{row.pk}" for row in rows)
    asked = ", as the user has asked" if wanted["on_request"] else ""
    _note(notification_id, by, f"Sent again by {channel}{asked}: {numbers}. {wanted['why']}")
    return f"It is sent again by {OutsideChannel(channel).label}: delivery {numbers}."


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
    LogEntry.objects.log_actions(by, [row], CHANGE, message)
