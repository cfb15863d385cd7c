"""Deliveries that somebody speaks of, and the requests that do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client

from notifications.addresses.values import address_hash
from notifications.channels.sms.twilio import NAME as TWILIO
from notifications.hooks import tokens
from notifications.hooks.twilio import signature
from notifications.kinds import Channel
from notifications.models import Delivery
from realtime import clock

BASE = "https://bank.example/app"
TWILIO_KEY = "12345"
CHANNELS = {"PUBLIC_BASE_URL": BASE, "TWILIO_AUTH_TOKEN": TWILIO_KEY}
NUMBER = "+254711000001"
FORM = "application/x-www-form-urlencoded"


def delivery(user: User, channel: Channel = "sms", to: str = NUMBER, **more: Any) -> Delivery:
    """Make a delivery that a provider has accepted."""
    now = clock.now()
    return Delivery.objects.create(
        **{
            "user": user,
            "kind": "transaction.debit",
            "category": "transaction",
            "channel": channel,
            "address_hash": address_hash(channel, to),
            "state": "accepted",
            "decided_by": "due",
            "policy_version": "1",
            "not_before": now,
            "expires_at": now + timedelta(days=1),
            "attempts": 1,
            "accepted_at": now,
            "created_at": now,
            "updated_at": now,
            **more,
        }
    )


def path_of(url: str) -> str:
    """Return the path of one of our public URLs, as a proxy hands it on."""
    assert url.startswith(BASE)
    return url.removeprefix(BASE)


def at(topic: str, **fields: str) -> Any:
    """Post what Africa's Talking would."""
    parts = [tokens.hook_token("africastalking"), topic]
    url = path_of(tokens.hook_url("africastalking", *filter(None, parts)))
    return Client().post(url, urlencode(fields), content_type=FORM)


def twilio(url: str, fields: dict[str, str], *, key: str = TWILIO_KEY, **headers: Any) -> Any:
    """Post what Twilio would, signed with a key for the URL that it was given."""
    body = urlencode(fields)
    signed = signature(key, headers.pop("signed_url", url), body.encode()).decode()
    return Client().post(
        path_of(url), body, content_type=FORM, headers={"X-Twilio-Signature": signed}, **headers
    )


def twilio_report(row: Delivery, status: str, **fields: str) -> Any:
    """Post a report of Twilio about a delivery."""
    return twilio(
        tokens.callback_url(TWILIO, row.pk),
        {"MessageSid": "SM1", "MessageStatus": status, **fields},
    )
