"""Tokens are signed for one purpose each, and outlive a change of the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from notifications.hooks import tokens

# Each purpose with a token of it, and what reads that.
PURPOSES: dict[str, tuple[Callable[[], str], Callable[[str], object]]] = {
    "receipt": (lambda: tokens.receipt_token(17), tokens.delivery_of),
    "callback": (lambda: _last(tokens.callback_url("twilio", 17)), tokens.called_back),
    "unsubscribe": (lambda: _last(tokens.unsubscribe_url(7, "savings")), tokens.unsubscribing),
    "hook": (
        lambda: tokens.hook_token("africastalking"),
        lambda token: tokens.is_hook_token("africastalking", token) or None,
    ),
}
READ = {"receipt": 17, "callback": 17, "unsubscribe": (7, "savings", "email"), "hook": True}


def _last(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_is_read_for_its_purpose_only(purpose: str) -> None:
    token = PURPOSES[purpose][0]()
    for other, (_, read) in PURPOSES.items():
        assert read(token) == (READ[purpose] if other == purpose else None)


def test_the_paths_of_a_provider_are_known_under_each_key(settings: Any) -> None:
    old = tokens.hook_url("email", tokens.hook_token("email"))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another " * 10
    new = tokens.hook_url("email", tokens.hook_token("email"))
    assert [tokens.public_url(path) for path in tokens.hook_paths("email")] == [new, old]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_was_changed_or_made_up_is_none_of_ours(purpose: str) -> None:
    make, read = PURPOSES[purpose]
    token = make()
    wrong = ["", "x", "17", "17:", ":", token[:-1], f"{token}A", token.swapcase(), f"1{token}"]
    assert [read(each) for each in [*wrong, "é:ü", "\x00", "1" * 5000]] == [None] * 12


@pytest.mark.parametrize("purpose", PURPOSES)
def test_tokens_outlive_their_key(purpose: str, settings: Any) -> None:
    make, read = PURPOSES[purpose]
    token = make()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the same deployment, long enough"
    assert read(token) == READ[purpose]
    settings.SECRET_KEY_FALLBACKS = []
    assert read(token) is None


def test_urls_are_of_the_public_address_and_name_no_provider(settings: Any) -> None:
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://bank.example/app"}
    assert tokens.unsubscribe_url(7, "savings").startswith("https://bank.example/app/u/")
    url = tokens.callback_url("twilio", 17)
    assert url.startswith("https://bank.example/app/hooks/s2/") and "twilio" not in url
    hook = tokens.hook_url("africastalking", tokens.hook_token("africastalking"), "reports")
    assert hook.startswith("https://bank.example/app/hooks/s1/") and hook.endswith("/reports")


def test_the_secret_part_of_a_path_has_128_bits_and_more() -> None:
    assert len(tokens.hook_token("email")) >= 43  # of base64, 6 bits each
    assert tokens.hook_token("email") != tokens.hook_token("africastalking")
