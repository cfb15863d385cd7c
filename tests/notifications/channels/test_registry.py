"""Which providers there are, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from notifications.channels import registry
from notifications.channels.message import Target
from notifications.channels.options import SMS_PROVIDERS, ChannelOptions
from notifications.channels.push import vapid

KEY = vapid.new_private_key()
SMS = {"SMS_PROVIDERS": ("twilio", "africastalking")}
PUSH = {"VAPID_PRIVATE_KEY": KEY, "VAPID_SUBJECT": "mailto:ops@acme.example"}


def names(channel: Any, to: Target | None = None) -> list[str]:
    return [provider.name for provider in registry.providers(channel, to)]


def test_without_options_nothing_leaves(settings):
    settings.CHANNELS = {}
    assert registry.configured() == frozenset()
    assert registry.every() == registry.providers("sms") == ()


def test_sms_go_to_the_first_provider_that_is_named(settings):
    settings.CHANNELS = SMS
    assert names("sms") == ["twilio", "africastalking"]
    settings.CHANNELS = {"SMS_PROVIDERS": ("africastalking", "twilio")}
    assert names("sms") == ["africastalking", "twilio"]
    assert registry.configured() == {"sms"}


def test_push_goes_by_the_service_of_the_address(settings):
    settings.CHANNELS = PUSH
    assert names("push", Target(value="x", service="web")) == ["webpush"]
    assert names("push", Target(value="x", service="apns")) == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"EMAIL_HOST": "mail.acme.example"}, "smtp"),
        ({"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"}, "email"),
        ({"EMAIL_HOST": "mail.acme.example", "EMAIL_BACKEND": "x.y"}, "email"),
    ],
)
def test_email_goes_one_way(settings, given: dict[str, str], name: str):
    settings.CHANNELS = given
    assert names("email") == names("email", Target(value="a@b.example")) == [name]


def test_a_provider_is_found_by_its_name_and_kept(settings):
    settings.CHANNELS = SMS | PUSH
    found = registry.find("twilio")
    assert found is not None
    assert found is registry.find("twilio")
    assert registry.find("smtp") is None
    assert registry.configured() == {"sms", "push"}
    settings.CHANNELS = PUSH
    assert registry.find("twilio") is None


def test_a_key_that_is_none_is_an_error(settings):
    settings.CHANNELS = {"VAPID_PRIVATE_KEY": "x"}
    with pytest.raises(ValueError, match="no private key"):
        registry.every()


def test_each_provider_of_sms_that_may_be_named_is_there():
    assert tuple(registry.SMS) == SMS_PROVIDERS


def test_endpoints_on_this_machine_are_for_debug(settings):
    rules = registry.push_rules(ChannelOptions())
    assert (rules.loopback, "fcm.googleapis.com" in rules.hosts) == (False, True)
    settings.DEBUG = True
    rules = registry.push_rules(ChannelOptions(push_hosts=("push.example",)))
    assert (rules.loopback, rules.hosts) == (True, ("push.example",))
