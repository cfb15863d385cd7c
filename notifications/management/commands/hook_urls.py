"""`manage.py hook_urls`: the URLs to register at providers, for what they report to us."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import CommandError

from notifications.channels.options import options
from notifications.hooks import tokens
from realtime.management.base import Command as Base

# The purpose of each URL, by provider and topic. Twilio gets that of its reports with each SMS.
TOPICS = {
    ("africastalking", "reports"): "Africa's Talking: delivery reports",
    ("africastalking", "opt-out"): "Africa's Talking: bulk SMS opt-out",
    ("africastalking", "inbound"): "Africa's Talking: incoming messages",
    ("twilio", "inbound"): "Twilio: a message comes in",
    ("email", ""): "E-mail: events",
}
_ESP = re.compile(r"anymail\.backends\.(\w+)\.EmailBackend")  # what sends e-mails, if anymail does


class Command(Base):
    help = "Prints the URLs to register at providers. They are secrets: whoever has one may report."
    json_help = "write the URLs as JSON"

    def handle(self, *args: Any, **options: Any) -> None:
        if not tokens.public_url(""):
            raise CommandError("Set PUBLIC_BASE_URL: providers must reach us there.")
        found = [
            {
                "what": what,
                "url": tokens.hook_url(name, *filter(None, (tokens.hook_token(name), topic))),
            }
            for (name, topic), what in _topics().items()
        ]
        self.say(found, "".join(f"{each['what']}\n  {each['url']}\n" for each in found))


def _topics() -> dict[tuple[str, str], str]:
    """Return what there are URLs for, with that of the provider that anymail sends by."""
    found = _ESP.fullmatch(options().email_backend)
    if found is None:
        return TOPICS
    path = "mandrill" if found[1] == "mandrill" else f"{found[1]}/tracking"
    return TOPICS | {("email", path): f"E-mail: events of {found[1]}"}
