"""URLs are registered at the provider that asks and tells at them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from hoardrun.payments import callback_urls
from tests.hoardrun.payments.calling.support import TOKEN, Provider, provider, reached, set_up
from tests.realtime.outgoing.servers import answer

DONE = answer(200, b'{"OriginatorCoversationID":"1","ResponseCode":"0"}')


@pytest.fixture
def daraja() -> Iterator[Provider]:
    with provider(oauth=[TOKEN], registerurl=[DONE]) as made, reached(made):
        yield made


def test_both_urls_are_named_with_the_newest_token(daraja: Provider, capsys) -> None:
    call_command("payments_register", "daraja")
    begin = f"https://bank.example/hooks/payments/{callback_urls.code_of('daraja')}"
    assert daraja.asked[-1].line == "POST /mpesa/c2b/v2/registerurl"
    assert daraja.asked[-1].body == {
        "ShortCode": 600638,
        "ResponseType": "Cancelled",
        "ConfirmationURL": f"{begin}/account/{'a' * 32}",
        "ValidationURL": f"{begin}/validation/{'a' * 32}",
    }
    assert "a" * 32 not in capsys.readouterr().out  # it is secret
    call_command("payments_register", "daraja", without_us=True)
    assert daraja.asked[-1].body["ResponseType"] == "Completed"


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (answer(500, b'{"errorCode":"500.003.1001","errorMessage":"Urls exist"}'), "500.003.1001"),
        (answer(200, b'{"ResponseCode":"1"}'), "1"),
        (answer(200, b"<html>"), "200"),
        (None, "broken"),
    ],
)
def test_a_refusal_ends_it_with_its_code(
    daraja: Provider, refusal: bytes | None, said: str
) -> None:
    daraja.says("registerurl", refusal)
    with pytest.raises(CommandError, match=f"daraja refuses the URLs: {said}."):
        call_command("payments_register", "daraja")


def test_a_token_that_has_ended_is_renewed(daraja: Provider) -> None:
    daraja.says("registerurl", answer(401), DONE)
    call_command("payments_register", "daraja")
    assert len([line for line in daraja.lines() if "oauth" in line]) == 2


def test_without_a_token_nothing_is_registered(daraja: Provider) -> None:
    daraja.says("oauth", answer(503))
    with pytest.raises(CommandError, match="nothing was sent"):
        call_command("payments_register", "daraja")


def test_keys_that_make_no_request_are_said_to_be_so(
    daraja: Provider, settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PAYMENTS = settings.PAYMENTS | {"DARAJA_SHORTCODE": "six"}
    with pytest.raises(CommandError, match="nothing was sent"):
        call_command("payments_register", "daraja")
    assert caplog.messages == ["daraja: its keys make no request"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"PAYMENTS_PROVIDERS": ("mtn",)}, "not set up"),
        ({"DARAJA_PASSKEY": ""}, "not set up"),
        ({"DARAJA_CALLBACK_TOKENS": ()}, "DARAJA_CALLBACK_TOKENS"),
    ],
)
def test_what_is_missing_is_named(settings, change: dict[str, object], said: str) -> None:
    settings.PAYMENTS = set_up("https://provider.example", **change)
    with pytest.raises(CommandError, match=said):
        call_command("payments_register", "daraja")
