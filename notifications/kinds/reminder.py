"""Reminders: by push at their time, by e-mail in the digest, by SMS if chosen."""

from __future__ import annotations

from notifications.kinds.kind import Kind
from notifications.kinds.payment import LADDER
from notifications.kinds.values import General

KINDS = (
    Kind(
        name="reminder.general",
        title="Reminders",
        type="reminder",
        category="reminder",
        variables=General,
        samples=(General(title="School fees", message="The second term begins on Monday."),),
        ladder=LADDER,
        digestible=True,
        privacy="secret",
    ),
)
