"""Whose wallet a gateway reaches."""

from __future__ import annotations

import pytest

from hoardrun.payments.wallets import wallet_of


@pytest.mark.parametrize(
    ("gateway", "network", "wallet"),
    [
        ("mtn", "", "mtn_momo"),
        ("daraja", "", "mpesa"),
        ("airtel", "anything", "airtel_money"),
        ("pawapay", "MTN_MOMO_UGA", "mtn_momo"),
        ("pawapay", "AIRTEL_OAPI_ZMB", "airtel_money"),
        ("pawapay", "MPESA_KEN", "mpesa"),
        ("pawapay", "VODACOM_TZA", "vodafone_cash"),
        ("pawapay", "NEW_NETWORK", ""),
    ],
)
def test_the_ledger_has_its_name(gateway: str, network: str, wallet: str):
    assert wallet_of(gateway, network) == wallet
