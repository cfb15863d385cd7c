"""Providers on loopback that speak the real protocols, and a deployment that is set up for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.push import PushService
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from notifications.channels import registry
from notifications.channels.options import options
from notifications.channels.push import vapid
from realtime.outgoing import client
from realtime.outgoing.http import READ_SECONDS

VAPID = vapid.new_private_key()


@dataclass
class Outside:
    """What lies outside the deployment."""

    africastalking: AfricasTalking
    twilio: Twilio
    push: PushService
    mail: MailServer
    settings: Any

    def use(self, **given: Any) -> None:
        """Change options of the channels."""
        self.settings.CHANNELS = self.settings.CHANNELS | given


@pytest.fixture
def outside(settings: Any) -> Iterator[Outside]:
    with (
        AfricasTalking("acme", "key") as africastalking,
        Twilio("AC1", "token") as twilio,
        PushService() as push,
        MailServer() as mail,
    ):
        settings.DEBUG = True  # which lets calls go to loopback
        settings.CHANNELS = {
            "PUBLIC_BASE_URL": "https://api.acme.example",
            "SMS_PROVIDERS": ("africastalking", "twilio"),
            "SMS_COUNTRIES": ("UG", "KE"),
            "AFRICASTALKING_USERNAME": "acme",
            "AFRICASTALKING_API_KEY": "key",
            "AFRICASTALKING_URL": africastalking.url,
            "TWILIO_ACCOUNT_SID": "AC1",
            "TWILIO_AUTH_TOKEN": "token",
            "TWILIO_FROM": "+15005550006",
            "TWILIO_URL": twilio.url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": mail.port,
            "EMAIL_SECURITY": "none",
            "EMAIL_FROM": "Acme <alerts@acme.example>",
            "VAPID_PRIVATE_KEY": VAPID,
            "VAPID_SUBJECT": "mailto:ops@acme.example",
            "SMS_PACE": 1000,
            "EMAIL_PACE": 1000,
            "PUSH_PACE": 1000,
        }
        yield Outside(africastalking, twilio, push, mail, settings)
        read_seconds = min(READ_SECONDS, options().delivery_lease_seconds / registry.CALL_SHARE)
        for rules in (None, registry.push_rules(options())):
            client(rules, read_seconds=read_seconds).close()


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")
