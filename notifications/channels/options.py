"""The options of the channels: providers, their keys, and the limits of SMS.

Each is declared here, and nowhere else. `hoardrun.settings` reads them from the environment into
settings.CHANNELS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from realtime.option_fields import flag, number, option, split, text, whole, words

SMS_PROVIDERS = ("africastalking", "twilio")
EMAIL_SECURITY = ("starttls", "tls", "none")
# The push services of the browsers; an endpoint anywhere else is refused.
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "notify.windows.com",
)
_COUNTRY = re.compile(r"[A-Z]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")


def _parse_providers(given: str) -> tuple[str, ...]:
    chosen = split(given.lower())
    if set(chosen) - set(SMS_PROVIDERS) or len(set(chosen)) != len(chosen):
        raise ValueError(f"takes each of {', '.join(SMS_PROVIDERS)} at most once.")
    return chosen


def _parse_security(given: str) -> str:
    chosen = given.lower() or EMAIL_SECURITY[0]
    if chosen not in EMAIL_SECURITY:
        raise ValueError(f"is none of {', '.join(EMAIL_SECURITY)}.")
    return chosen


def _parse_countries(given: str) -> tuple[str, ...]:
    chosen = split(given.upper())
    if not all(map(_COUNTRY.fullmatch, chosen)):
        raise ValueError("is no list of countries: write two letters each, such as UG,KE.")
    return chosen


def _parse_currency(given: str) -> str:
    if given and not _CURRENCY.fullmatch(given.upper()):
        raise ValueError("is no currency: write three letters, such as KES.")
    return given.upper()


def _parse_json(given: str) -> str:
    try:
        found = json.loads(given or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("is no JSON object.")
    return given


def _parse_origin(given: str) -> str:
    parts = urlsplit(given)
    if given and (parts.scheme not in {"https", "http"} or not parts.hostname or parts.query):
        raise ValueError("is no address: write it like https://api.example.com.")
    return given.rstrip("/")


@dataclass(frozen=True)
class ChannelOptions:
    """The options of settings.CHANNELS, there by the names of these fields in capitals."""

    public_base_url: str = option("", _parse_origin)
    """The address at which customers and providers reach this deployment, such as
    `https://api.example.com`: links in e-mails, callbacks and their signatures are made of it."""

    vapid_private_key: str = text(secret=True)
    """Signs web push, see `manage.py push_keys`; without it there is no web push. A subscription
    belongs to the key that it was made with."""
    vapid_previous_keys: Sequence[str] = words(secret=True)
    """Private keys of before, separated by commas: subscriptions made with them are signed with
    them."""
    vapid_subject: str = text()
    """The contact for push services about this deployment: `mailto:` or `https:`."""
    push_hosts: Sequence[str] = words(shown="those of Chrome, Firefox, Safari and Edge")
    """The hosts of push services, and what is below them, that subscriptions may name."""
    fcm_service_account: str = text(secret=True)
    """The JSON of a service account of Firebase; without it there is no push to Android apps."""
    fcm_url: str = option("https://fcm.googleapis.com", _parse_origin)
    """The origin of Firebase; another one is a fake, which `DEBUG` allows."""
    apns_key: str = text(secret=True)
    """The PEM key (`.p8`) that signs push to Apple's devices; without it there is none."""
    apns_key_id: str = text()
    """The id of that key."""
    apns_team_id: str = text()
    """The id of the team that it belongs to."""
    apns_topic: str = text()
    """The bundle id of the app."""
    apns_url: str = option("https://api.push.apple.com", _parse_origin)
    """Apple's push service; `https://api.sandbox.push.apple.com` for builds of development."""

    email_host: str = text()
    """The server that takes e-mails by SMTP; without it, and without `EMAIL_BACKEND`, there are
    no e-mails."""
    email_port: int = whole(587, 1, 65_535)
    """Its port."""
    email_user: str = text()
    """The name of the login there."""
    email_password: str = text(secret=True)
    """Its password."""
    email_security: str = option("starttls", _parse_security)
    """`starttls`, `tls` from the first byte on, or `none`, which is for loopback."""
    email_from: str = text()
    """The sender, such as `Acme <alerts@acme.example>`; Message-IDs have its domain."""
    email_reply_to: str = text()
    """The address for answers of customers."""
    email_unsubscribe: str = text()
    """An address whose mails unsubscribe their senders, read by people: the second way in
    `List-Unsubscribe`, beside the link."""
    account_emails_verified: bool = flag()
    """The e-mail addresses of accounts are proven elsewhere, as at sign-up: send there without a
    code of ours. Each is taken over once, for a user who has had no address here."""
    email_bounces: str = text()
    """The mailbox for bounces of e-mails by SMTP, such as `bounces@acme.example`: each e-mail has a
    signed address of its own there, `bounces+…@acme.example`, and `manage.py bounce` reads what
    comes. Without it, bounces go to `EMAIL_FROM` and nothing reads them."""
    email_backend: str = text()
    """Send e-mails by another backend of Django in place of SMTP, such as
    `anymail.backends.postmark.EmailBackend`, which needs `pip install hoardrun[anymail]`."""
    anymail_settings: str = option("", _parse_json, secret=True)
    """Settings of django-anymail as JSON, such as `{"POSTMARK_SERVER_TOKEN": "…"}`."""

    sms_providers: Sequence[str] = option((), _parse_providers)
    """The providers of SMS: `africastalking`, `twilio`, or both, separated by commas, the first one
    to try in front; without any there are no SMS."""
    africastalking_username: str = text()
    """The name of the account; `sandbox` is the one for trials."""
    africastalking_api_key: str = text(secret=True)
    """Its key."""
    africastalking_sender: str = text()
    """The registered sender id or short code."""
    africastalking_url: str = option("https://api.africastalking.com", _parse_origin)
    """The origin of its API; `https://api.sandbox.africastalking.com` for trials."""
    twilio_account_sid: str = text()
    """The account, `AC…`."""
    twilio_auth_token: str = text(secret=True)
    """Its token; it signs callbacks too."""
    twilio_from: str = text()
    """The sender: a number in E.164 or a registered sender id."""
    twilio_messaging_service: str = text()
    """A messaging service, `MG…`, in place of a sender."""
    twilio_url: str = option("https://api.twilio.com", _parse_origin)
    """The origin of its API; another one is a fake, which `DEBUG` allows."""
    sms_countries: Sequence[str] = option((), _parse_countries)
    """The countries to whose numbers SMS go, such as `UG,KE`; without any, none goes."""
    sms_per_number_per_day: int = whole(20, 1, 10_000)
    """SMS to one number in 24 hours; more are not sent."""
    sms_per_user_per_day: int = whole(30, 1, 10_000)
    """SMS to all numbers of one user in 24 hours."""
    sms_per_country_per_day: int = whole(0, 0, 1_000_000_000)
    """SMS to one country in 24 hours; 0: not limited, and a warning of the checks."""
    sms_cost_per_hour: int = whole(0, 0, 1_000_000_000)
    """The cost of SMS in an hour, in whole units of the currency; 0: not limited, and a warning
    of the checks."""
    sms_cost_currency: str = option("", _parse_currency)
    """The currency of that limit."""
    push_per_category_per_day: int = whole(0, 0, 10_000)
    """Push messages of one category to one user in 24 hours; more join the digest, or are not sent;
    0: not limited. Required ones go all the same."""
    sms_per_category_per_day: int = whole(0, 0, 10_000)
    """SMS of one category to one user in 24 hours; 0: not limited."""
    email_per_category_per_day: int = whole(0, 0, 10_000)
    """E-mails of one category to one user in 24 hours; 0: not limited."""
    delivery_lease_seconds: float = number(60, 0.5, 3600)
    """For how long a message belongs to the worker that has claimed it. A call begins within a
    sixth of that, at most ten seconds, and may take as long. Shorter ones are for tests: what a
    slow provider has taken may be asked for again."""
    proof_kept_days: int = whole(2557, 548, 36_525)
    """For how long the proof of what was sent is kept: deliveries, calls of providers and receipts.
    What messages said is forgotten after 90 days. The default is seven years."""
    sms_pace: float = number(20, 0.01, 10_000)
    """SMS a second by each provider, of all workers together."""
    email_pace: float = number(20, 0.01, 10_000)
    """E-mails a second, of all workers together."""
    push_pace: float = number(500, 0.01, 100_000)
    """Push messages a second to each service, of all workers together."""


_read: tuple[dict[str, Any], ChannelOptions] | None = None  # settings.CHANNELS, and its options


def options() -> ChannelOptions:
    """Read settings.CHANNELS, anew once it has changed."""
    global _read
    if _read is None or _read[0] != settings.CHANNELS:
        given = {key.lower(): value for key, value in settings.CHANNELS.items()}
        if unknown := given.keys() - {field.name for field in fields(ChannelOptions)}:
            raise ValueError(f"settings.CHANNELS has unknown names: {', '.join(sorted(unknown))}")
        _read = dict(settings.CHANNELS), ChannelOptions(**given)
    return _read[1]
