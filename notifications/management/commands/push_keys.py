"""`manage.py push_keys`: make a key pair for web push."""

from __future__ import annotations

from typing import Any

from notifications.channels.options import options
from notifications.channels.push import vapid
from realtime.management.base import Command as Base


class Command(Base):
    help = "Makes a key pair for web push, and says where it goes. Writes nothing."
    json_help = "write the private key, the public key and its id as JSON"

    def handle(self, *args: Any, **kwargs: Any) -> None:
        private = vapid.new_private_key()
        key = vapid.Key(private)
        lines = [
            f"VAPID_PRIVATE_KEY={private}",
            f"# public key, which browsers get from the API: {key.public}",
            f"# id, which subscriptions keep: {key.id}",
        ]
        if options().vapid_private_key:
            lines.append(
                "# Put the key of before in front of VAPID_PREVIOUS_KEYS: it signs for the"
                " subscriptions that were made with it."
            )
        found = {"private_key": private, "public_key": key.public, "id": key.id}
        self.say(found, "".join(f"{line}\n" for line in lines))
