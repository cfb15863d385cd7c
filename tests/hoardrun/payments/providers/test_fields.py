"""The options of providers are read strictly, and a secret is never repeated."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env
from hoardrun.payments.options import PROVIDERS, PaymentOptions

WRONG = {
    "MTN_URL": ["mtn.example", "ftp://mtn.example", "https://mtn.example/path", "https://a@b.c"],
    "MTN_CURRENCIES": ["SHILLING", "U1X"],
    "MTN_ADDRESSES": ["10.0.0.300", "somewhere", "10.0.0.1/8"],
    "MTN_PACE": ["0", "fast"],
    "DARAJA_COMMAND": ["Payment"],
    "AIRTEL_HASHED": ["all"],
    "PAWAPAY_PUBLIC_KEYS": ["[]", '{"a": 1}', "{"],
    "PAYMENTS_PROVIDERS": ["visa", "mtn,mtn"],
    "PAYMENTS_APPROVE_ABOVE": [
        "5000",
        "UGX",
        "UGX:-1",
        "UGX:1e6",
        "UGX:0.5",
        "XXX:1",
        "UGX:1,UGX:2",
    ],
    "PAYMENTS_CALLBACK_URL": ["https://bank.example/callbacks"],
}


@pytest.mark.parametrize(("name", "value"), [(k, v) for k, some in WRONG.items() for v in some])
def test_what_is_wrong_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        env.by_variable(PaymentOptions, *PROVIDERS.values())


def test_what_is_right_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTN_CURRENCIES", "ugx, rwf")
    monkeypatch.setenv("MTN_ADDRESSES", "212.88.125.100, 10.0.0.0/8, 2001:db8::/32")
    monkeypatch.setenv("MTN_URL", "https://momoapi.momo.africa/")
    monkeypatch.setenv("PAYMENTS_APPROVE_ABOVE", "UGX:5000000, KES:150000.50")
    above = env.read(PaymentOptions).approve_above
    assert dict(above) == {"UGX": Decimal(5_000_000), "KES": Decimal("150000.50")}
    found = env.read(PROVIDERS["mtn"])
    assert found.currencies == ("UGX", "RWF")
    assert found.addresses == ("212.88.125.100", "10.0.0.0/8", "2001:db8::/32")
    assert found.url == "https://momoapi.momo.africa"


def test_all_are_read_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTN_CURRENCIES", "UGX")
    monkeypatch.setenv("PAYMENTS_PROVIDERS", "mtn")
    monkeypatch.delenv("MTN_URL", raising=False)
    found = env.by_variable(PaymentOptions, *PROVIDERS.values())
    assert found["MTN_CURRENCIES"] == ("UGX",) and found["PAYMENTS_PROVIDERS"] == ("mtn",)
    assert "MTN_URL" not in found
