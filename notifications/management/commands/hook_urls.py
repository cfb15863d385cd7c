"""`manage.py hook_urls`: the URLs to register at providers, for what they report to us."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from notifications.hooks import tokens
from realtime.management.base import Command as Base

# What each URL is for, by provider and topic. Twilio gets the URL of its reports with each SMS.
TOPICS = {
    ("africastalking", "reports"): "Africa's Talking: delivery reports",
    ("africastalking", "opt-out"): "Africa's Talking: bulk SMS opt-out",
    ("africastalking", "inbound"): "Africa's Talking: incoming messages",
    ("twilio", "inbound"): "Twilio: a message comes in",
    ("email", ""): "E-mail: events",
}


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
            for (name, topic), what in TOPICS.items()
        ]
        self.say(found, "".join(f"{each['what']}\n  {each['url']}\n" for each in found))
