"""The demo is set up to use the stand-ins for providers of payments."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from hoardrun.demo import outside
from hoardrun.payments.providers import settings as providers
from hoardrun.payments.providers.registry import PROVIDERS

pytestmark = pytest.mark.usefixtures("_calls")


def test_all_providers_are_set_up_and_know_where_to_call(settings: Any, tmp_path):
    before = settings.PAYMENTS
    with outside.running("http://127.0.0.1:9", tmp_path) as found:
        assert {providers.base_url(name) for name in PROVIDERS} == {found.money.url}
        for name in PROVIDERS:
            currency = "KES" if name == "daraja" else "UGX"
            assert providers.takes(name, "collect", currency)
            assert providers.takes(name, "payout", currency)
        assert run_checks(tags=[Tags.security]) == []
        bills, pawapay = found.money.daraja.bills.urls, found.money.pawapay.account
        assert bills is not None
        for url in (
            found.money.airtel.account.callback_url, bills.confirmation, bills.validation,
            pawapay.deposit_url, pawapay.payout_url,
        ):  # fmt: skip
            assert url.startswith("http://localhost:9/hooks/payments/")
    assert before == settings.PAYMENTS


def test_a_deployment_that_names_its_providers_keeps_them(settings: Any, tmp_path, monkeypatch):
    monkeypatch.setenv("PAYMENTS_PROVIDERS", "")
    with outside.running("http://127.0.0.1:9", tmp_path) as found:
        assert providers.configured() == ()
        assert found.money.daraja.bills.urls is None
