"""Stop the ladder of a notification, which stays in the inbox."""

from __future__ import annotations

from notifications import selectors
from notifications.acts.errors import LadderOver, NoLadder
from notifications.delivery.closing import ladders_close
from notifications.models import Escalation
from realtime.retry import one_transaction


@one_transaction
def ladder_stop(*, notification_id: int | str) -> Escalation:
    """Send no more of a notification: cancel what waits, and end its ladder. Raises Refused.

    A message that is being sent goes on.
    """
    row = selectors.notification_get(notification_id=notification_id, lock=True)
    if not Escalation.objects.filter(pk=row.pk).exists():
        raise NoLadder
    if not ladders_close([row.pk], "cancelled"):
        raise LadderOver
    return Escalation.objects.get(pk=row.pk)
