"""Tell a user that an address was added, replaced or removed, or is now another user's.

The notice goes to the address that was replaced or removed, too. So it names no other one: others
may read there.
"""

from __future__ import annotations

from notifications.kinds.security import AddressChanged
from notifications.kinds.values import to_context
from notifications.models import Address, Notification
from realtime import clock

KIND = "security.address_changed"
TITLE = "Contact details changed"
MESSAGE = "Your {} was changed. If this was not you, contact us at once."


def tell(row: Address) -> None:
    """Put the notice into the owner's inbox, in the transaction of the change."""
    is_phone = row.channel == "sms"
    context = AddressChanged(channel="sms" if is_phone else "email", happened_at=clock.now())
    Notification(
        user_id=row.user_id,
        title=TITLE,
        message=MESSAGE.format("phone number" if is_phone else "e-mail address"),
        type="security",
        priority="urgent",
        kind=KIND,
        context=to_context(context),
        actor=f"user:{row.user_id}",
    ).save()  # which publishes
