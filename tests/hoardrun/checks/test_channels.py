"""The checks of the channels fire on what they are for, and on nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from notifications import kinds
from notifications.channels.push import vapid
from notifications.kinds import Kind, Reach, Rung
from tests.hoardrun.deployment import raised
from tests.tables import each

PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
PUBLIC = {"PUBLIC_BASE_URL": "https://api.acme.example"}
WEB = PUBLIC | {
    "VAPID_PRIVATE_KEY": vapid.new_private_key(),
    "VAPID_SUBJECT": "mailto:ops@acme.example",
}
APNS = {"APNS_KEY": PEM, "APNS_KEY_ID": "K", "APNS_TEAM_ID": "T", "APNS_TOPIC": "com.acme"}
MAIL = PUBLIC | {"EMAIL_HOST": "mail.acme.example", "EMAIL_FROM": "Acme <alerts@acme.example>"}
SMS = PUBLIC | {
    "SMS_PROVIDERS": ("africastalking", "twilio"),
    "AFRICASTALKING_USERNAME": "acme",
    "AFRICASTALKING_API_KEY": "k",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "t",
    "TWILIO_FROM": "+15005550006",
    "SMS_COUNTRIES": ("UG", "KE"),
    "SMS_COST_PER_HOUR": 5000,
    "SMS_COST_CURRENCY": "KES",
    "SMS_PER_COUNTRY_PER_DAY": 10_000,
}
ALL = WEB | APNS | MAIL | SMS


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


WRONG: dict[str, list[tuple[dict[str, Any], str]]] = {
    "E060": [
        (WEB | {"VAPID_PRIVATE_KEY": "x"}, "VAPID_PRIVATE_KEY is no private key"),
        (WEB | {"VAPID_PREVIOUS_KEYS": ("x",)}, "VAPID_PREVIOUS_KEYS is no private key"),
        (WEB | {"VAPID_SUBJECT": ""}, "VAPID_SUBJECT is neither"),
        ({"FCM_SERVICE_ACCOUNT": "{}"}, "FCM_SERVICE_ACCOUNT is no JSON"),
        (APNS | {"APNS_KEY": "x"}, "APNS_KEY is no PEM key"),
    ],
    "E061": [
        *((without(APNS, name), name) for name in ("APNS_KEY_ID", "APNS_TEAM_ID", "APNS_TOPIC")),
        (without(MAIL, "EMAIL_FROM"), "EMAIL_FROM"),
        (MAIL | {"EMAIL_FROM": "Acme"}, "EMAIL_FROM"),
        *(
            (without(SMS, name), name)
            for name in (
                *("AFRICASTALKING_USERNAME", "AFRICASTALKING_API_KEY"),
                *("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM", "PUBLIC_BASE_URL"),
            )
        ),
        (without(WEB, "PUBLIC_BASE_URL"), "PUBLIC_BASE_URL"),
        (without(MAIL, "PUBLIC_BASE_URL"), "PUBLIC_BASE_URL"),
    ],
    "E062": [(MAIL | {"EMAIL_BACKEND": "anymail.backends.none.Email"}, "anymail.backends.none")],
    "E063": [(WEB | {"PUBLIC_BASE_URL": "http://api.acme.example"}, "http://api.acme.example")],
    "E064": [
        *(
            (ALL | {name: url}, name)
            for name in ("FCM_URL", "APNS_URL", "AFRICASTALKING_URL", "TWILIO_URL")
            for url in ("http://127.0.0.1:8001", "https://fake.example", "https://evil-twilio.com")
        ),
        (ALL | {"TWILIO_URL": "http://api.twilio.com"}, "TWILIO_URL"),
        (ALL | {"FCM_URL": "http://fcm.googleapis.com"}, "FCM_URL"),
        (ALL | {"PUSH_HOSTS": ("fcm.googleapis.com", "localhost")}, "PUSH_HOSTS"),
    ],
    "W065": [(without(SMS, "SMS_COUNTRIES"), "")],
    "W066": [
        (without(SMS, "SMS_COST_PER_HOUR"), "SMS_COST_PER_HOUR"),
        (without(SMS, "SMS_COST_CURRENCY"), "SMS_COST_PER_HOUR"),
        (without(SMS, "SMS_PER_COUNTRY_PER_DAY"), "SMS_PER_COUNTRY_PER_DAY"),
    ],
    "W067": [(MAIL | {"EMAIL_SECURITY": "none"}, "")],
}
RIGHT = [
    {}, WEB, APNS, MAIL, SMS, ALL,
    without(SMS, "TWILIO_FROM") | {"TWILIO_MESSAGING_SERVICE": "MG1"},
    APNS | {"APNS_URL": "https://api.sandbox.push.apple.com"},
    SMS | {"AFRICASTALKING_URL": "https://api.sandbox.africastalking.com"},
    MAIL | {"EMAIL_HOST": "127.0.0.1", "EMAIL_SECURITY": "none"},
    MAIL | {"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"},
]  # fmt: skip


def ours(*, deploy: bool = True) -> dict[str, Any]:
    """Return the findings about channels; required kinds have a test of their own."""
    found = raised(deploy=deploy)
    return {name: one for name, one in found.items() if name[-4:] in WRONG}


@pytest.mark.parametrize(("identifier", "case"), each(WRONG))
def test_each_check_speaks_of_what_is_wrong_and_alone(production, identifier: str, case: Any):
    production.CHANNELS, says = case
    found = ours(deploy=identifier.startswith("W"))
    assert found.keys() == {f"hoardrun.{identifier}"}
    assert says in found[f"hoardrun.{identifier}"].msg


@pytest.mark.parametrize("given", RIGHT, ids=range(len(RIGHT)))
def test_no_check_speaks_of_what_is_right(production, given: dict[str, Any]):
    production.CHANNELS = given
    assert ours() == {}


def test_no_secret_is_repeated(production):
    production.CHANNELS = WEB | {"VAPID_PRIVATE_KEY": "s3cret", "FCM_SERVICE_ACCOUNT": "s3cret"}
    assert "s3cret" not in "".join(one.msg + str(one.hint) for one in ours().values())


def test_fakes_are_for_debug(production):
    production.CHANNELS = ALL | {
        "TWILIO_URL": "http://127.0.0.1:8001",
        "PUBLIC_BASE_URL": "http://127.0.0.1:8000",
    }
    assert ours(deploy=False)
    production.DEBUG = True
    assert ours(deploy=False) == {}


class Nothing(msgspec.Struct, frozen=True):
    """No variables."""


def test_a_channel_that_a_kind_requires_has_a_provider(production, monkeypatch):
    rung = Rung(channel="sms", after=timedelta(), unless=Reach.ON_DEVICE, required=True)
    kind = Kind(
        name="test.required", title="Test", type="system", category="test", variables=Nothing,
        samples=(Nothing(),), ladder=(rung,),
    )  # fmt: skip
    monkeypatch.setattr(kinds, "_KINDS", {kind.name: kind})
    production.CHANNELS = {}
    assert "hoardrun.W068" not in raised()  # nothing leaves this deployment at all
    production.CHANNELS = MAIL
    assert "these kinds require it: test.required." in raised()["hoardrun.W068"].msg
    production.CHANNELS = MAIL | SMS
    assert "hoardrun.W068" not in raised()
