"""Our keys for web push, and the tokens that they sign."""

from __future__ import annotations

import json

import pytest
from py_vapid import Vapid02

from notifications.channels.push import vapid
from notifications.channels.push.encryption import from_base64
from notifications.channels.push.vapid import Key, KeyRing

SUBJECT = "mailto:ops@acme.example"


def claims(header: str) -> dict[str, object]:
    """Verify a token with the key beside it, and return what it claims."""
    assert Vapid02.verify(header)
    token = header.removeprefix("vapid t=").partition(",")[0]
    found: dict[str, object] = json.loads(from_base64(token.split(".")[1]))
    return found


def test_each_origin_gets_a_token_of_its_own():
    key = Key(vapid.new_private_key())
    first = key.authorization("https://push.one.example/a/b?c", SUBJECT, lambda: 1_000_000.5)
    second = key.authorization("https://push.two.example:8443/a", SUBJECT, lambda: 1_000_000.5)
    assert claims(first) == {
        "aud": "https://push.one.example", "exp": 1_000_000 + 12 * 3600, "sub": SUBJECT,
    }  # fmt: skip
    assert claims(second)["aud"] == "https://push.two.example:8443"
    assert first.endswith(f",k={key.public}") and len(from_base64(key.public)) == 65


def test_a_token_is_kept_until_an_hour_before_it_ends():
    key = Key(vapid.new_private_key())
    now = [1_000_000.0]
    first = key.authorization("https://push.example/a", SUBJECT, lambda: now[0])
    now[0] += 11 * 3600 - 1
    assert key.authorization("https://push.example/b", SUBJECT, lambda: now[0]) == first
    now[0] += 2
    second = key.authorization("https://push.example/b", SUBJECT, lambda: now[0])
    assert claims(second)["exp"] == int(now[0]) + 12 * 3600


def test_many_origins_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(vapid, "_MAX_ORIGINS", 3)
    key = Key(vapid.new_private_key())
    for number in range(8):
        key.authorization(f"https://push{number}.example/", SUBJECT)
        assert len(key._tokens) <= 3


def test_a_subscription_is_signed_with_the_key_that_it_was_made_with():
    old, new = vapid.new_private_key(), vapid.new_private_key()
    before, after = KeyRing(old), KeyRing(new, (old,))
    assert after.current.id != before.current.id
    found = after.find(before.current.id)
    assert found is not None
    assert found.public == before.current.public
    assert after.find("") is after.current
    assert after.find("0" * 16) is None


@pytest.mark.parametrize("text", ["", "x", "AAAA", "A" * 43, "é" * 32, "-----BEGIN-----"])
def test_what_is_no_private_key_says_so(text: str):
    with pytest.raises(ValueError, match="no private key"):
        Key(text)


@pytest.mark.parametrize("subject", [SUBJECT, "https://acme.example"])
def test_subjects_that_services_take(subject: str):
    assert vapid.subject_error(subject) == ""


@pytest.mark.parametrize("subject", ["", "ops@acme.example", "http://acme.example", "mailto:ops"])
def test_subjects_that_they_refuse(subject: str):
    assert vapid.subject_error(subject)
