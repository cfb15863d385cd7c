"""The options of the brand."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env
from notifications.brand import Brand


def test_it_is_read_from_the_environment(monkeypatch):
    given = {
        "NAME": "Acme Bank",
        "COLOR": "#112233",
        "SUPPORT": " 0800 100 200 ",
        "LOCALE": "sw-KE",
        "ZONE": "Africa/Nairobi",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"BRAND_{name}", value)
    brand = env.read(Brand)
    assert (brand.name, brand.color, brand.support) == ("Acme Bank", "#112233", "0800 100 200")
    assert (brand.locale, brand.zone, brand.footer) == ("sw-KE", "Africa/Nairobi", "")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("COLOR", "red", "is no color"),
        ("COLOR", "#12345", "is no color"),
        ("ZONE", "Kampala", "is no time zone"),
        ("ZONE", "../etc", "is no time zone"),
        ("ZONE", "", "is no time zone"),
        ("LOCALE", "de", "is no locale"),
        ("NAME", "x" * 31, "takes 1 to 30 characters"),
        ("NAME", " ", "takes 1 to 30 characters"),
        ("SUPPORT", "x" * 31, "takes 1 to 30 characters"),
    ],
)
def test_it_refuses_what_no_text_could_use(monkeypatch, name: str, value: str, says: str):
    monkeypatch.setenv(f"BRAND_{name}", value)
    with pytest.raises(ImproperlyConfigured, match=f"BRAND_{name}=.*{says}"):
        env.read(Brand)
