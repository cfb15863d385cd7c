"""Addresses are shown without what they are."""

from __future__ import annotations

import pytest

from notifications.trace.masks import masked


@pytest.mark.parametrize(
    ("channel", "value", "more", "shown"),
    [
        ("sms", "+256772123456", {}, "0772***456"),
        ("sms", "+254722000000", {}, "0722***000"),
        ("sms", "+12", {}, "***"),
        ("sms", "12345678", {}, "1234***678"),
        ("email", "amina@example.org", {}, "a***@example.org"),
        ("email", "a@b@example.org", {}, "a***@example.org"),
        (
            "push",
            "https://push.example.com/secret",
            {"service": "web", "device": "her phone"},
            "web push at push.example.com on her phone",
        ),
        ("push", "token", {"service": "fcm"}, "push by FCM"),
        ("push", "", {"hash": "0123456789abcdef"}, "an address that is gone (01234567)"),
        ("sms", "", {}, ""),
    ],
)
def test_an_address_is_masked(channel, value, more, shown):
    assert masked(channel, value, **more) == shown
