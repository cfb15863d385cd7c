"""The URLs for providers name none of them, and open one payment each."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from hoardrun.payments import callback_urls
from hoardrun.payments.providers.registry import PROVIDERS
from tests.hoardrun.payments.calling.support import set_up

ID = UUID("6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10")


@pytest.fixture(autouse=True)
def _settings(settings) -> None:
    settings.PAYMENTS = set_up("https://provider.example")


def test_a_url_does_not_say_whose_it_is() -> None:
    for name in PROVIDERS:
        url = callback_urls.url(name, "payment", callback_urls.token_of(ID))
        assert url.startswith("https://bank.example/hooks/payments/")
        assert not any(word in url for word in (*PROVIDERS, "mpesa", "safaricom"))
        assert callback_urls.NAMES[callback_urls.code_of(name)] == name


def test_without_an_address_of_ours_there_is_no_url(settings) -> None:
    settings.PAYMENTS, settings.CHANNELS = {}, {}
    assert callback_urls.url("mtn", "payment", callback_urls.token_of(ID)) == ""


def test_a_token_is_of_one_payment_and_made_again_by_any_worker() -> None:
    token = callback_urls.token_of(ID)
    assert token == callback_urls.token_of(ID) and len(token) == 32 + 43
    assert callback_urls.payment_of(token) == ID
    assert token[32:] != callback_urls.token_of(uuid4())[32:]
    assert callback_urls.is_right(token, callback_urls.digest(token))
    assert not callback_urls.is_right(token[:-1], callback_urls.digest(token))
    assert not callback_urls.is_right(token, "")


def test_a_token_outlives_the_key_that_signed_it(settings) -> None:
    token = callback_urls.token_of(ID)
    stored = callback_urls.digest(token)
    settings.SECRET_KEY = "another" * 10
    assert callback_urls.token_of(ID) != token
    assert callback_urls.is_right(token, stored)


def test_each_question_has_a_token_of_its_own() -> None:
    first, second = callback_urls.question_token(ID), callback_urls.question_token(ID)
    assert first != second != callback_urls.token_of(ID)
    assert callback_urls.payment_of(first) == ID


@pytest.mark.parametrize("text", ["", "x" * 75, "-" * 40, "6f1a3c52", "é" * 32, "\0" * 32])
def test_what_is_no_token_is_of_no_payment(text: str) -> None:
    assert callback_urls.payment_of(text) is None


def test_tokens_for_all_payments_are_those_of_the_settings() -> None:
    assert callback_urls.is_fixed_token("daraja", "a" * 32)
    assert callback_urls.is_fixed_token("daraja", "b" * 32)
    assert not callback_urls.is_fixed_token("daraja", "c" * 32)
    assert callback_urls.is_fixed_token("airtel", "c" * 32)
    assert not callback_urls.is_fixed_token("mtn", "a" * 32)
    assert not callback_urls.is_fixed_token("daraja", "")
