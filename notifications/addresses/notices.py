"""Tell a user that an address was added, replaced or removed, or is now another user's.

The notice goes to the address that was replaced or removed, too. So it names no other one: others
may read there.
"""

from __future__ import annotations

from typing import Literal

from notifications.kinds.security import AddressChanged
from notifications.models import Address
from notifications.services import notification_compose
from realtime import clock

KIND = "security.address_changed"


def tell(row: Address) -> None:
    """Put the notice into the owner's inbox, in the transaction of the change."""
    channel: Literal["email", "sms"] = "sms" if row.channel == "sms" else "email"
    values = AddressChanged(channel=channel, happened_at=clock.now())
    notification_compose(user_id=row.user_id, kind=KIND, values=values)
