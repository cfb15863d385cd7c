"""MTN on loopback, as far as it tells whose wallet a number is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hoardrun.demo.providers.http import Asked, Fake, Told, as_json

_CHECK = "/disbursement/v1_0/accountholder/msisdn/"


class Mtn(Fake):
    """`names` has those of the wallets, by number."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, tuple[str, str]] = {}

    def answer(self, asked: Asked) -> Told:
        if asked.path == "/disbursement/token/":
            return as_json(200, {"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
        number = asked.path.removeprefix(_CHECK).removesuffix("/basicuserinfo")
        if asked.headers.get("authorization") != "Bearer t" or number not in self.names:
            return as_json(404, {"code": "RESOURCE_NOT_FOUND", "message": "Unknown."})
        given, family = self.names[number]
        return as_json(200, {"given_name": given, "family_name": family})

    def checks(self) -> int:
        """Count how often it was asked for a name."""
        return sum(asked.path.startswith(_CHECK) for asked in self.asked)


@pytest.fixture(scope="module")
def _server() -> Iterator[Mtn]:
    with Mtn() as server:
        yield server


@pytest.fixture
def mtn(_server: Mtn, settings: Any) -> Mtn:
    """MTN, through which this deployment pays out in UGX."""
    _server.clear()
    _server.names = {"256772123456": ("Amina", "Nakato Sserwadda")}
    settings.DEBUG = True  # it is on loopback
    settings.PAYMENTS = {
        "PAYMENTS_PROVIDERS": ("mtn",),
        "MTN_URL": _server.url,
        "MTN_ENVIRONMENT": "mtnuganda",
        "MTN_CURRENCIES": ("UGX",),
        "MTN_DISBURSEMENT_USER": "user",
        "MTN_DISBURSEMENT_KEY": "the-key",
        "MTN_DISBURSEMENT_SUBSCRIPTION_KEY": "the-subscription",
    }
    return _server
