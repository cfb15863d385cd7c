"""Check what the channels need: keys, logins, public address, limits of SMS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.utils.module_loading import import_string

from hoardrun.checks.findings import finding
from notifications.channels.options import ChannelOptions, options
from notifications.channels.push import apns, google, vapid
from notifications.kinds import CHANNELS, Channel, all_kinds
from realtime.core.origin import is_loopback

# The options without which a provider of SMS cannot be called.
_OF_SMS: dict[str, tuple[str, ...]] = {
    "africastalking": ("africastalking_username", "africastalking_api_key"),
    "twilio": ("twilio_account_sid", "twilio_auth_token"),
}
# Where each provider is; a fake is anywhere else.
_REAL = {
    "fcm_url": "googleapis.com",
    "apns_url": "push.apple.com",
    "africastalking_url": "africastalking.com",
    "twilio_url": "twilio.com",
}


@register(Tags.security)
def check_push(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse keys of push that cannot sign, and options that are missing beside them."""
    given = options()
    keys: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
        "vapid_private_key": (vapid.Key, (given.vapid_private_key,)),
        "vapid_previous_keys": (vapid.Key, tuple(given.vapid_previous_keys)),
        "fcm_service_account": (google.read_account, (given.fcm_service_account,)),
        "apns_key": (apns.read_key, (given.apns_key,)),
    }
    for name, (read, texts) in keys.items():
        for text in filter(None, texts):
            try:
                read(text)
            except ValueError as error:
                yield finding("hoardrun.E060", name=name.upper(), wrong=error)
    if given.vapid_private_key and (wrong := vapid.subject_error(given.vapid_subject)):
        yield finding("hoardrun.E060", name="VAPID_SUBJECT", wrong=wrong)
    if given.apns_key:
        yield from _missing(given, "apns_key_id", "apns_team_id", "apns_topic")


@register(Tags.security)
def check_email(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse e-mail without a sender, or by a backend that is not there."""
    given = options()
    if not _has_email(given):
        return
    if "@" not in parseaddr(given.email_from)[1]:
        yield finding("hoardrun.E061", name="EMAIL_FROM")
    if given.email_backend:
        try:
            import_string(given.email_backend)
        except ImportError:
            yield finding("hoardrun.E062", backend=given.email_backend)


@register(Tags.security)
def check_sms(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse a provider of SMS without its login."""
    given = options()
    for name in given.sms_providers:
        yield from _missing(given, *_OF_SMS[name])
    if "twilio" in given.sms_providers and not given.twilio_messaging_service:
        yield from _missing(given, "twilio_from")


def _missing(given: ChannelOptions, *names: str) -> Iterator[CheckMessage]:
    for name in names:
        if not getattr(given, name):
            yield finding("hoardrun.E061", name=name.upper())


@register(Tags.security)
def check_addresses(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse links that lead nowhere, and, outside DEBUG, providers that are fakes."""
    given = options()
    needs_links = given.vapid_private_key or _has_email(given) or "twilio" in given.sms_providers
    if needs_links and not given.public_base_url:
        yield finding("hoardrun.E061", name="PUBLIC_BASE_URL")
    if settings.DEBUG:
        return
    if given.public_base_url and not given.public_base_url.startswith("https://"):
        yield finding("hoardrun.E063", url=given.public_base_url)
    for name, host in _REAL.items():
        parts = urlsplit(getattr(given, name))
        if parts.scheme != "https" or not f".{parts.hostname}".endswith(f".{host}"):
            yield finding("hoardrun.E064", name=name.upper(), host=host)
    if any(map(is_loopback, given.push_hosts)):
        yield finding("hoardrun.E064", name="PUSH_HOSTS", host="a push service")


@register(Tags.security, deploy=True)
def check_limits(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of SMS without a limit of their cost, and of logins that are sent in the clear."""
    given = options()
    if given.sms_providers:
        if not given.sms_countries:
            yield finding("hoardrun.W065")
        if not (given.sms_cost_per_hour and given.sms_cost_currency):
            yield finding("hoardrun.W066", names="SMS_COST_PER_HOUR and SMS_COST_CURRENCY")
        if not given.sms_per_country_per_day:
            yield finding("hoardrun.W066", names="SMS_PER_COUNTRY_PER_DAY")
    in_the_clear = given.email_host and given.email_security == "none"
    if in_the_clear and not is_loopback(given.email_host):
        yield finding("hoardrun.W067")


@register(Tags.security, deploy=True)
def check_required(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of a channel that kinds require and that has no provider, where others have one."""
    present = _channels(options())
    for channel in CHANNELS if present else ():
        kinds = [kind.name for kind in all_kinds() if channel in kind.required_channels]
        if channel not in present and kinds:
            yield finding("hoardrun.W068", channel=channel, kinds=", ".join(kinds))


def _channels(given: ChannelOptions) -> set[Channel]:
    found: dict[Channel, bool] = {
        "push": bool(given.vapid_private_key or given.fcm_service_account or given.apns_key),
        "email": _has_email(given),
        "sms": bool(given.sms_providers),
    }
    return {channel for channel, is_there in found.items() if is_there}


def _has_email(given: ChannelOptions) -> bool:
    return bool(given.email_host or given.email_backend)
