"""How the providers of a deployment are set up, from the options of the environment."""

from __future__ import annotations

from typing import Any

import pytest

from hoardrun import env
from hoardrun.payments import options
from hoardrun.payments.options import PaymentOptions
from hoardrun.payments.providers import settings as providers
from hoardrun.payments.providers.daraja.options import Options as Daraja
from hoardrun.payments.providers.registry import PROVIDERS, SETUPS
from tests.hoardrun.payments.calling.support import set_up

URL = "https://provider.example"


@pytest.fixture
def four(settings) -> Any:
    settings.PAYMENTS = set_up(URL)
    return settings


def test_each_provider_has_options_and_a_setup() -> None:
    assert options.PROVIDERS.keys() == PROVIDERS.keys() == SETUPS.keys()
    for name, setup in SETUPS.items():
        found = options.PROVIDERS[name].__dataclass_fields__
        fields = found.keys()
        assert {"url", "currencies", "addresses", "pace"} <= fields
        assert {each for needed in setup.needs.values() for each in needed} <= fields
        assert setup.needs.keys() == PROVIDERS[name].capabilities.kinds
        url = found["url"].default
        assert setup.is_at(url, setup.hosts) and not setup.is_at(url, setup.sandbox)
        assert all(setup.is_at(f"https://{host}", setup.hosts) for host in setup.sandbox)


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYMENTS_PROVIDERS", "MTN, daraja")
    monkeypatch.setenv("DARAJA_URL", "https://sandbox.safaricom.co.ke/")
    monkeypatch.setenv("DARAJA_CALLBACK_TOKENS", "one,two")
    monkeypatch.setenv("DARAJA_COMMAND", "SalaryPayment")
    assert env.read(PaymentOptions).providers == ("mtn", "daraja")
    found = env.read(Daraja)
    assert (found.url, found.command) == ("https://sandbox.safaricom.co.ke", "SalaryPayment")
    assert found.callback_tokens == ("one", "two") and "one" not in repr(found)
    assert found.currencies == ("KES",)


def test_nothing_is_set_up_by_default(settings) -> None:
    settings.PAYMENTS = {}
    assert providers.configured() == ()
    assert not providers.takes("mtn", "collect", "UGX")


def test_each_product_of_mtn_has_keys_of_its_own(four: Any) -> None:
    collects, pays = providers.keys_of("mtn", "collect"), providers.keys_of("mtn", "payout")
    assert (collects.user, collects.subscription_key) == ("user", "collects")
    assert (pays.user, pays.key, pays.subscription_key) == ("payer", "key2", "pays")
    assert providers.keys_of("mtn", "refund") == pays


def test_payouts_of_daraja_may_have_a_shortcode_of_their_own(four: Any) -> None:
    assert providers.keys_of("daraja", "payout").shortcode == "600638"
    four.PAYMENTS = set_up(URL, DARAJA_PAYOUT_SHORTCODE="600999")
    assert providers.keys_of("daraja", "payout").shortcode == "600999"
    assert providers.keys_of("daraja", "collect").shortcode == "600638"


def test_a_till_is_paid_in_place_of_the_shortcode(four: Any) -> None:
    assert (providers.receiver("daraja"), providers.receiver("mtn")) == ("600638", "")
    four.PAYMENTS = set_up(URL, DARAJA_TILL="51")
    assert providers.receiver("daraja") == "51"


def test_keys_of_signatures_are_read_from_json(four: Any) -> None:
    four.PAYMENTS = set_up(URL, PAWAPAY_PUBLIC_KEYS='{"k1": "PEM"}')
    assert providers.keys_of("pawapay", "collect").public_keys == {"k1": "PEM"}
    assert providers.keys_of("airtel", "collect").hashed == "body"


def test_a_provider_takes_what_it_is_set_up_for(four: Any) -> None:
    assert providers.takes("mtn", "payout", "UGX") and providers.takes("airtel", "collect", "UGX")
    assert not providers.takes("mtn", "collect", "RWF")
    assert providers.takes("airtel", "payout", "UGX")
    assert not providers.takes("other", "collect", "UGX")
    four.PAYMENTS = set_up(URL, AIRTEL_PIN="")
    assert not providers.takes("airtel", "payout", "UGX")
    assert providers.takes("airtel", "collect", "UGX")


def test_addresses_are_known_or_not(four: Any) -> None:
    assert providers.is_known_address("daraja", "196.201.214.200")
    assert not providers.is_known_address("daraja", "196.201.214.201")
    assert not providers.is_known_address("mtn", "196.201.214.200")
    assert not providers.is_known_address("daraja", "")


def test_callbacks_come_to_an_address_of_their_own_or_the_public_one(four: Any) -> None:
    assert providers.callback_base() == "https://bank.example"
    four.PAYMENTS = set_up(URL, PAYMENTS_CALLBACK_URL="")
    four.CHANNELS = {"PUBLIC_BASE_URL": "https://api.bank.example"}
    assert providers.callback_base() == "https://api.bank.example"


def test_signatures_are_believed_where_that_is_set(four: Any) -> None:
    assert providers.confirms_callbacks("pawapay")
    four.PAYMENTS = set_up(URL, PAYMENTS_BELIEVE_SIGNATURES=("pawapay",))
    assert not providers.confirms_callbacks("pawapay") and providers.confirms_callbacks("airtel")
