"""A mail server and two SMS providers on loopback, and what was sent there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from notifications.channels.push.vapid import new_private_key


@dataclass
class Outside:
    """What is outside of hoardrun: the providers, with what they took."""

    mail: MailServer
    first: AfricasTalking
    second: Twilio

    def code(self) -> str:
        """Return the code of the newest message of any provider."""
        texts = [each.get_body(("plain",)).get_content() for each in self.mail.taken]  # type: ignore[union-attr]
        texts += [each["message"] for each in self.first.ledger]
        texts += [each["body"] for each in self.second.ledger]
        [found] = re.findall(r"\b[0-9]{6}\b", texts[-1])
        return str(found)


@pytest.fixture(scope="session")
def _servers() -> Iterator[Outside]:
    with ExitStack() as stack:
        yield Outside(
            stack.enter_context(MailServer()),
            stack.enter_context(AfricasTalking("hoard", "key-of-africa")),
            stack.enter_context(Twilio("AC1", "token-of-twilio")),
        )


@pytest.fixture
def outside(_servers: Outside, settings: Any) -> Outside:
    """The providers, empty, as what this deployment sends by."""
    _servers.mail.taken.clear()
    _servers.mail.refused.clear()
    for fake in (_servers.first, _servers.second):
        fake.ledger.clear()
        fake.asked.clear()
    _servers.first.recipients.clear()
    settings.DEBUG = True  # fakes are on loopback
    settings.CHANNELS = {
        "PUBLIC_BASE_URL": "https://api.example.com",
        "VAPID_PRIVATE_KEY": PRIVATE_KEY,
        "VAPID_SUBJECT": "mailto:push@example.com",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": _servers.mail.port,
        "EMAIL_SECURITY": "none",
        "EMAIL_FROM": "Acme <alerts@acme.example>",
        "SMS_PROVIDERS": ("africastalking", "twilio"),
        "SMS_COUNTRIES": ("UG", "KE"),
        "AFRICASTALKING_USERNAME": "hoard",
        "AFRICASTALKING_API_KEY": "key-of-africa",
        "AFRICASTALKING_URL": _servers.first.url,
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token-of-twilio",
        "TWILIO_FROM": "+15005550006",
        "TWILIO_URL": _servers.second.url,
    }
    return _servers


PRIVATE_KEY = new_private_key()
