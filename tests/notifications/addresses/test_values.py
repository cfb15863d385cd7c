"""Which addresses there are, and which are none."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notifications.addresses import values
from realtime.errors import InvalidInput

SERVED = ("UG", "KE", "TZ")


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def point(form: PublicFormat = PublicFormat.UncompressedPoint) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, form)


def test_numbers_are_kept_in_one_form():
    written = ("+256 772 123 456", "+256-772-123456", "+256772123456", " +256(0)772123456 ")
    assert {values.phone(text, SERVED) for text in written} == {"+256772123456"}


@pytest.mark.parametrize(
    "value",
    [
        "0772123456", "+2567721234", "+999123456789", "+254", "phone", "", None, 256772123456,
        "+447400123456",  # where no SMS go from here
        "+256414348000",  # of a desk
        "+256772123456; +256772123457",
    ],
)  # fmt: skip
def test_what_is_no_number_of_ours_is_refused(value: Any):
    with pytest.raises(InvalidInput) as refused:
        values.phone(value, SERVED)
    assert list(refused.value.errors) == ["value"]
    assert str(value) not in str(refused.value) or len(str(value)) < 8


def test_the_domain_of_an_email_is_in_small_letters_and_case_does_not_count():
    assert values.email(" Amina@Example.ORG ") == "Amina@example.org"
    assert values.address_hash("email", "Amina@example.org") == values.address_hash(
        "email", "amina@example.org"
    )
    assert values.address_hash("email", "x") != values.address_hash("sms", "x")


@pytest.mark.parametrize(
    "value",
    ["amina", "amina@", "@example.org", "a@b@c.org", "a b@c.org", "a@c.org\nBcc: b@c.org", "",
     None, 5, f"{'a' * 250}@example.org"],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(value: Any):
    with pytest.raises(InvalidInput):
        values.email(value)


def test_keys_of_web_push_are_a_point_and_a_secret():
    whole, secret = point(), b"s" * 16
    padded = base64.urlsafe_b64encode(whole).decode()
    wanted = {"p256dh": encoded(whole), "auth": encoded(secret)}
    assert values.push_keys(wanted) == wanted
    assert values.push_keys({**wanted, "p256dh": padded}) == wanted


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"p256dh": encoded(b"\x04" + b"\x01" * 64)}, "keys.p256dh"),  # not on the curve
        ({"p256dh": encoded(point(PublicFormat.CompressedPoint))}, "keys.p256dh"),
        ({"p256dh": encoded(point()[:-1])}, "keys.p256dh"),
        ({"p256dh": encoded(b"\x00" * 65)}, "keys.p256dh"),
        ({"p256dh": "****"}, "keys.p256dh"),
        ({"p256dh": None}, "keys.p256dh"),
        ({"auth": encoded(b"s" * 15)}, "keys.auth"),
        ({"auth": encoded(b"s" * 17)}, "keys.auth"),
        ({"auth": ""}, "keys.auth"),
    ],
)
def test_keys_that_are_none_are_refused(change: dict[str, Any], name: str):
    with pytest.raises(InvalidInput) as refused:
        values.push_keys({"p256dh": encoded(point()), "auth": encoded(b"s" * 16), **change})
    assert list(refused.value.errors) == [name]


def test_tokens_of_apps_are_visible_ascii():
    assert values.token("dQw4:APA91b-_x") == "dQw4:APA91b-_x"
    for wrong in ("", "a b", "t\n", "\u00e9", "x" * 1001, None):
        with pytest.raises(InvalidInput):
            values.token(wrong)
