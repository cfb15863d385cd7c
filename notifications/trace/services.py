"""Look at a trace as a member of staff: each look leaves an entry in the admin's history."""

from __future__ import annotations

from django.contrib.admin.models import CHANGE

from notifications.models import Notification
from notifications.trace.loading import load
from notifications.trace.report import Trace
from notifications.trace.timeline import timeline
from realtime import audit
from realtime.retry import one_transaction

MAY_TRACE = "notifications.trace_notification"
MAY_READ = "notifications.read_traced_text"


@one_transaction
def trace_look(
    notification_id: int | str, *, by: int, door: str, with_content: bool = False
) -> Trace:
    """Return why a user got a notification or not, and record who asked. Raises NotFound.

    `door` says where the look came from, such as `over the API`.
    """
    found = timeline(load(notification_id), with_content=with_content)
    # One that was erased with its user has no row, and its number is all that is left.
    row = Notification(pk=int(found.notification_id))
    read = " and read its text" if with_content else ""
    audit.log(by, [row], CHANGE, f"Looked at its trace{read} {door}.")
    return found
