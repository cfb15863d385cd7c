"""The options of the channels, as variables give them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env
from notifications.channels.options import ChannelOptions, options


def read(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> Any:
    monkeypatch.setenv(name, value)
    return getattr(env.read(ChannelOptions), name.lower())


@pytest.mark.parametrize(
    ("name", "value", "read_as"),
    [
        ("SMS_PROVIDERS", "Twilio, africastalking", ("twilio", "africastalking")),
        ("SMS_PROVIDERS", "", ()),
        ("SMS_COUNTRIES", "ug,KE", ("UG", "KE")),
        ("SMS_COST_CURRENCY", "kes", "KES"),
        ("EMAIL_SECURITY", "TLS", "tls"),
        ("EMAIL_SECURITY", "", "starttls"),
        ("PUBLIC_BASE_URL", "https://api.acme.example/", "https://api.acme.example"),
        ("ANYMAIL_SETTINGS", '{"A": 1}', '{"A": 1}'),
        ("VAPID_PREVIOUS_KEYS", "a, b", ("a", "b")),
        ("PUSH_HOSTS", "push.example", ("push.example",)),
    ],
)
def test_what_is_right(monkeypatch, name: str, value: str, read_as: object):
    assert read(monkeypatch, name, value) == read_as


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_PROVIDERS", "twilio,nexmo"),
        ("SMS_PROVIDERS", "twilio,twilio"),
        ("SMS_COUNTRIES", "UGA"),
        ("SMS_COUNTRIES", "Uganda"),
        ("SMS_COST_CURRENCY", "KSH1"),
        ("SMS_COST_PER_HOUR", "1.5"),
        ("EMAIL_SECURITY", "ssl"),
        ("EMAIL_PORT", "70000"),
        ("PUBLIC_BASE_URL", "api.acme.example"),
        ("PUBLIC_BASE_URL", "ftp://api.acme.example"),
        ("PUBLIC_BASE_URL", "https://api.acme.example?x=1"),
        ("TWILIO_URL", "https://"),
        ("ANYMAIL_SETTINGS", "[]"),
        ("ANYMAIL_SETTINGS", "{"),
    ],
)
def test_what_is_wrong_names_the_variable(monkeypatch, name: str, value: str):
    with pytest.raises(ImproperlyConfigured, match=f"^{name}"):
        read(monkeypatch, name, value)


def test_a_secret_is_not_repeated(monkeypatch):
    with pytest.raises(ImproperlyConfigured) as caught:
        read(monkeypatch, "ANYMAIL_SETTINGS", "s3cret")
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(ChannelOptions(twilio_auth_token="s3cret"))


def test_settings_are_read_anew_once_they_have_changed(settings):
    settings.CHANNELS = {"SMS_PACE": 3}
    assert options().sms_pace == 3
    assert options() is options()
    settings.CHANNELS = {"SMS_PACE": 4}
    assert options().sms_pace == 4


def test_a_name_that_no_option_has_is_refused(settings):
    settings.CHANNELS = {"SMS_RAT": 3}
    with pytest.raises(ValueError, match="sms_rat"):
        options()
