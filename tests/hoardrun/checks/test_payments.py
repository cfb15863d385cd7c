"""The checks of payments fire on what they are for, and on nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hoardrun.deployment import raised
from tests.tables import each

COMMON = {"PAYMENTS_CALLBACK_URL": "https://api.acme.example"}
MTN = COMMON | {
    "PAYMENTS_PROVIDERS": ("mtn",),
    "MTN_ENVIRONMENT": "mtnuganda",
    "MTN_CURRENCIES": ("UGX",),
    "MTN_COLLECTION_USER": "u",
    "MTN_COLLECTION_KEY": "k",
    "MTN_COLLECTION_SUBSCRIPTION_KEY": "s",
    "MTN_ADDRESSES": ("212.88.125.100",),
}
DARAJA = COMMON | {
    "PAYMENTS_PROVIDERS": ("daraja",),
    "DARAJA_CONSUMER_KEY": "k",
    "DARAJA_CONSUMER_SECRET": "s",
    "DARAJA_SHORTCODE": "600638",
    "DARAJA_PASSKEY": "p",
}
PAYS = {"DARAJA_INITIATOR": "i", "DARAJA_SECURITY_CREDENTIAL": "c"}
AIRTEL = COMMON | {
    "PAYMENTS_PROVIDERS": ("airtel",),
    "AIRTEL_CURRENCIES": ("UGX",),
    "AIRTEL_CLIENT_ID": "i",
    "AIRTEL_CLIENT_SECRET": "s",
    "AIRTEL_ADDRESSES": ("10.0.0.0/8",),
}
PAWAPAY = COMMON | {
    "PAYMENTS_PROVIDERS": ("pawapay",),
    "PAWAPAY_CURRENCIES": ("KES",),
    "PAWAPAY_API_TOKEN": "t",
    "PAWAPAY_ADDRESSES": ("10.0.0.0/8",),
}


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


WRONG: dict[str, list[tuple[dict[str, Any], str]]] = {
    "E080": [
        (without(MTN, "MTN_COLLECTION_KEY"), "MTN_COLLECTION_KEY"),
        (without(MTN, "MTN_CURRENCIES"), "MTN_CURRENCIES"),
        (MTN | {"MTN_DISBURSEMENT_USER": "u"}, "MTN_DISBURSEMENT"),
        (without(DARAJA, "DARAJA_PASSKEY"), "DARAJA_PASSKEY"),
        (DARAJA | {"DARAJA_INITIATOR": "i"}, "DARAJA_SECURITY_CREDENTIAL"),
        (without(AIRTEL, "AIRTEL_CLIENT_SECRET"), "AIRTEL_CLIENT_SECRET"),
        (without(PAWAPAY, "PAWAPAY_API_TOKEN"), "PAWAPAY_API_TOKEN"),
    ],
    "E081": [(MTN | {"MTN_CURRENCIES": ("UGX", "KES")}, "KES")],
    "E082": [(DARAJA | {"DARAJA_CALLBACK_TOKENS": ("a" * 31,)}, "DARAJA_CALLBACK_TOKENS")],
    "E083": [
        (MTN | {"MTN_URL": "http://127.0.0.1:8001"}, "MTN_URL"),
        (MTN | {"MTN_URL": "https://momo.africa.evil.example"}, "MTN_URL"),
        (DARAJA | {"DARAJA_URL": "http://api.safaricom.co.ke"}, "DARAJA_URL"),
        (AIRTEL | {"AIRTEL_URL": "https://evil-airtel.africa"}, "AIRTEL_URL"),
        (PAWAPAY | {"PAWAPAY_URL": "https://stub.example"}, "PAWAPAY_URL"),
    ],
    "E084": [
        (DARAJA | {"DARAJA_SHORTCODE": "174379"}, "DARAJA_SHORTCODE"),
        (PAWAPAY | {"PAWAPAY_API_TOKEN": "stub-token"}, "PAWAPAY_API_TOKEN"),
    ],
    "W085": [
        (without(MTN, "PAYMENTS_CALLBACK_URL"), ""),
        (MTN | {"PAYMENTS_CALLBACK_URL": "http://api.acme.example"}, ""),
    ],
    "W086": [
        (DARAJA | {"DARAJA_URL": "https://sandbox.safaricom.co.ke"}, "DARAJA_URL"),
        (PAWAPAY | {"PAWAPAY_URL": "https://api.sandbox.pawapay.io"}, "PAWAPAY_URL"),
    ],
    "W087": [(without(MTN, "MTN_ADDRESSES"), "MTN_ADDRESSES")],
}
RIGHT = [
    {}, MTN, DARAJA, AIRTEL, PAWAPAY, DARAJA | PAYS,
    without(DARAJA, "DARAJA_PASSKEY") | PAYS,  # only payouts
    MTN | {"MTN_URL": "https://sandbox.momodeveloper.mtn.com", "MTN_CURRENCIES": ("EUR",)},
    DARAJA | {"DARAJA_CALLBACK_TOKENS": ("a" * 32,)},
    without(MTN, "PAYMENTS_PROVIDERS", "MTN_COLLECTION_KEY"),
]  # fmt: skip


def ours(*, deploy: bool = True) -> dict[str, Any]:
    return {name: one for name, one in raised(deploy=deploy).items() if name[-4:] in WRONG}


@pytest.mark.parametrize(("identifier", "case"), each(WRONG))
def test_each_check_speaks_of_what_is_wrong_and_alone(production, identifier: str, case: Any):
    production.PAYMENTS, says = case
    found = ours(deploy=identifier.startswith("W"))
    assert found.keys() == {f"hoardrun.{identifier}"}
    assert says in found[f"hoardrun.{identifier}"].msg


@pytest.mark.parametrize("given", RIGHT, ids=range(len(RIGHT)))
def test_no_check_speaks_of_what_is_right(production, given: dict[str, Any]):
    production.PAYMENTS = given
    assert ours() == {}


def test_stubs_are_for_debug(production):
    production.PAYMENTS = MTN | {"MTN_URL": "http://127.0.0.1:8001"}
    assert ours(deploy=False)
    production.DEBUG = True
    assert ours(deploy=False) == {}


def test_a_sandboxs_own_values_are_for_the_sandbox(production):
    sandbox = {"DARAJA_URL": "https://sandbox.safaricom.co.ke", "DARAJA_SHORTCODE": "174379"}
    production.PAYMENTS = DARAJA | sandbox
    assert ours(deploy=False) == {}
