"""The providers of the channels that this deployment has, in the order of failover.

A further provider is one file and one line here. Workers and checks ask for them here only; the
checks of the start say what is wrong with their options.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.conf import settings

from notifications.channels.email.backend import Backend
from notifications.channels.email.smtp import TIMEOUT_SECONDS, Smtp
from notifications.channels.message import Provider, Target
from notifications.channels.options import PUSH_HOSTS, ChannelOptions, options
from notifications.channels.push.apns import Apns
from notifications.channels.push.fcm import Fcm
from notifications.channels.push.web import WebPush
from notifications.channels.sms.africastalking import AfricasTalking
from notifications.channels.sms.twilio import Twilio
from notifications.kinds import CHANNELS, Channel
from realtime.outgoing import Client, Rules, client, pacing
from realtime.outgoing.http import READ_SECONDS

# The providers of SMS that `sms_providers` can name.
SMS: Mapping[str, Callable[[ChannelOptions, Client], Provider]] = {
    "africastalking": AfricasTalking,
    "twilio": Twilio,
}

CALL_SHARE = 6  # of a lease: it must outlast the wait for a call, and the call


class Known(NamedTuple):
    """A provider that there is code for, whether or not this deployment has it."""

    name: str
    title: str
    channel: Channel
    needs: str  # the variable that switches it on
    by_host: bool = False  # its pace and its breaker are those of each host that it calls


KNOWN = (
    Known(WebPush.name, "Browsers, by web push", "push", "VAPID_PRIVATE_KEY", by_host=True),
    Known(Fcm.name, "Android, by Firebase", "push", "FCM_SERVICE_ACCOUNT"),
    Known(Apns.name, "Apple, by APNs", "push", "APNS_KEY"),
    Known(Smtp.name, "A mail server, by SMTP", "email", "EMAIL_HOST"),
    Known(Backend.name, "An HTTP API, by django-anymail", "email", "EMAIL_BACKEND"),
    Known(AfricasTalking.name, "Africa's Talking", "sms", "SMS_PROVIDERS"),
    Known(Twilio.name, "Twilio", "sms", "SMS_PROVIDERS"),
)

_built: tuple[ChannelOptions, bool, tuple[Provider, ...]] | None = None


def providers(channel: Channel, to: Target | None = None) -> tuple[Provider, ...]:
    """Return the configured providers of a channel, the one to try first in front.

    Of push, only those that serve the address's service (web, fcm or apns), if one is given.
    """
    return tuple(
        one
        for one in every()
        if one.channel == channel and (to is None or one.service == to.service)
    )


def find(name: str) -> Provider | None:
    """Return a configured provider by its name."""
    return next((one for one in every() if one.name == name), None)


def configured() -> frozenset[Channel]:
    """Return the channels that have a provider."""
    return frozenset(one.channel for one in every())


def gate(channel: Channel) -> str:
    """Return the name by which staff stop a channel: see `realtime.outgoing.pacing`."""
    return f"channel:{channel}"


def stopped() -> frozenset[Channel]:
    """Return the channels that staff have stopped."""
    names = pacing.blocked(map(gate, CHANNELS))
    return frozenset(channel for channel in CHANNELS if gate(channel) in names)


def push_rules(given: ChannelOptions) -> Rules:
    """Return which endpoints of web push may be saved and called."""
    return Rules(loopback=settings.DEBUG, hosts=tuple(given.push_hosts) or PUSH_HOSTS)


def every() -> tuple[Provider, ...]:
    """Return all configured providers."""
    global _built
    given = options()
    if _built is None or _built[0] is not given or _built[1] != settings.DEBUG:
        _built = given, settings.DEBUG, tuple(build(given))
    return _built[2]


def build(given: ChannelOptions) -> list[Provider]:
    """Build the providers that have their options. Raises ValueError for keys that are none."""
    found: list[Provider] = []
    longest = given.delivery_lease_seconds / CALL_SHARE
    read_seconds = min(READ_SECONDS, longest)
    if given.vapid_private_key:
        found.append(WebPush(given, client(push_rules(given), read_seconds=read_seconds)))
    if given.fcm_service_account:
        found.append(Fcm(given, client(read_seconds=read_seconds)))
    if given.apns_key:
        found.append(Apns(given, client(http2=True, read_seconds=read_seconds)))
    if given.email_backend:
        found.append(Backend(given))
    elif given.email_host:
        found.append(Smtp(given, min(TIMEOUT_SECONDS, longest)))
    found += [SMS[name](given, client(read_seconds=read_seconds)) for name in given.sms_providers]
    return found
