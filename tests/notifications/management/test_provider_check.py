"""`manage.py provider_check` asks real providers on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from hoardrun.demo.providers import sms
from realtime import outgoing


def run(*words: str) -> str:
    out = StringIO()
    call_command("provider_check", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def both(settings) -> Iterator[tuple[sms.AfricasTalking, sms.Twilio]]:
    with sms.AfricasTalking("acme", "k3y") as first, sms.Twilio("AC1", "t0k") as second:
        settings.DEBUG = True  # so that this machine may be called
        settings.CHANNELS = {
            "SMS_PROVIDERS": ("africastalking", "twilio"),
            "AFRICASTALKING_USERNAME": "acme",
            "AFRICASTALKING_API_KEY": "k3y",
            "AFRICASTALKING_URL": first.url,
            "TWILIO_ACCOUNT_SID": "AC1",
            "TWILIO_AUTH_TOKEN": "t0k",
            "TWILIO_URL": second.url,
        }
        yield first, second
        outgoing.client().close()


def test_each_provider_is_asked_and_nothing_is_sent(both):
    lines = run().splitlines()
    assert [line.split(",")[0].split() for line in lines] == [
        ["africastalking", "ok"],
        ["twilio", "ok"],
    ]
    assert [fake.ledger for fake in both] == [[], []]
    assert [len(fake.asked) for fake in both] == [1, 1]


def test_only_those_that_are_named_are_asked(both):
    (found,) = json.loads(run("twilio", "--json"))
    assert (found["provider"], found["ok"]) == ("twilio", True)
    assert both[0].asked == []


def test_one_that_refuses_us_ends_the_command_with_an_error(both, settings):
    settings.CHANNELS = settings.CHANNELS | {"TWILIO_AUTH_TOKEN": "wrong"}
    with pytest.raises(CommandError, match=r"Not in order: twilio\.$"):
        run()


def test_what_cannot_be_asked_is_an_error(both, settings):
    with pytest.raises(CommandError, match="none of africastalking, twilio"):
        run("nexmo")
    settings.CHANNELS = {}
    with pytest.raises(CommandError, match="No provider is configured"):
        run()
    settings.CHANNELS = {"VAPID_PRIVATE_KEY": "x"}
    with pytest.raises(CommandError, match="A key is no private key"):
        run()
