"""RFC 8291, by its own example."""

from __future__ import annotations

from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.channels.push.encryption import MAX_TEXT, encrypt, from_base64

# Section 5 and appendix A of RFC 8291.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
KEYS = {
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIA"
    "iw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64(text)), ec.SECP256R1())


def decrypt(body: bytes) -> bytes:
    found: bytes = http_ece.decrypt(
        body, private_key=key(RECEIVER), auth_secret=from_base64(KEYS["auth"])
    )
    return found


def test_the_example_of_the_standard():
    body = encrypt(PLAIN, KEYS, ephemeral=key(SENDER), salt=from_base64(SALT))
    assert body == from_base64(BODY)
    assert decrypt(body) == PLAIN


def test_a_flipped_byte_fails():
    body = from_base64(BODY)
    for at in (*range(0, len(body), 7), len(body) - 1):
        if 16 <= at < 20:
            continue  # the size of records is not signed
        wrong = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises((http_ece.ECEException, ValueError)):
            decrypt(wrong)


def test_each_message_has_keys_of_its_own():
    first, second = encrypt(PLAIN, KEYS), encrypt(PLAIN, KEYS)
    assert first[:16] != second[:16] and first[21:86] != second[21:86]
    assert decrypt(first) == decrypt(second) == PLAIN


def test_one_record_and_not_a_byte_more():
    assert decrypt(encrypt(b"x" * MAX_TEXT, KEYS)) == b"x" * MAX_TEXT
    with pytest.raises(ValueError, match="one record"):
        encrypt(b"x" * (MAX_TEXT + 1), KEYS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth": ""},
        {"auth": "BTBZMqHH6r4Tts7J_aSI"},
        {"auth": "é"},
        {"p256dh": ""},
        {"p256dh": "BCVx"},
        {"p256dh": KEYS["p256dh"][:-2] + "AA"},  # no point on the curve
    ],
)
def test_keys_that_are_none(wrong: dict[str, Any]):
    with pytest.raises(ValueError):
        encrypt(PLAIN, KEYS | wrong)


def test_base64_with_and_without_padding():
    assert from_base64("aGk=") == from_base64("aGk") == b"hi"
