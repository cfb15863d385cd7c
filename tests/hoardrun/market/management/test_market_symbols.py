from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from hoardrun.market.models import SourceSymbol
from tests.hoardrun.market.feeds.api import Api, serving

pytestmark = pytest.mark.django_db
PAIRS = {
    "error": [],
    "result": {"XXBTZUSD": {"altname": "XBTUSD", "wsname": "XBT/USD", "pair_decimals": 4}},
}


def _of(api: Api, settings: Any) -> None:
    settings.MARKET = {**django_settings.MARKET, "MARKET_KRAKEN_API_URL": api.address}


def test_it_maps_instruments_by_the_list_of_the_venue(
    settings: Any, capsys: pytest.CaptureFixture[str]
):
    with serving(lambda path, params: (200, {}, PAIRS)) as api:
        _of(api, settings)
        call_command("market_symbols", "--source", "kraken")
    told = capsys.readouterr().out
    assert "kraken: 1 added, 0 enabled, 0 disabled\nBTC-USD: added\n" in told
    assert "ETH-USD: not in its list" in told
    assert "`manage.py market_rescale BTC-USD 4` keeps them all" in told
    assert SourceSymbol.objects.get().rest_symbol == "XBTUSD"


def test_it_says_so_as_json(settings: Any, capsys: pytest.CaptureFixture[str]):
    with serving(lambda path, params: (200, {}, PAIRS)) as api:
        _of(api, settings)
        call_command("market_symbols", "--source", "kraken", "--json")
    assert json.loads(capsys.readouterr().out)["created"] == ["BTC-USD"]


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [(500, {}, "HTTP 500"), (200, {"error": [], "result": {}}, "empty"), (200, [], "read")],
)
def test_a_list_that_cannot_be_had_changes_nothing(
    settings: Any, status: int, body: object, why: str
):
    with serving(lambda path, params: (status, {}, body)) as api:
        _of(api, settings)
        with pytest.raises(CommandError, match=f"could not be had: .*{why}"):
            call_command("market_symbols", "--source", "kraken")
    assert not SourceSymbol.objects.exists()


def test_an_unknown_source_is_refused():
    with pytest.raises(CommandError, match="invalid choice: 'bloomberg'"):
        call_command("market_symbols", "--source", "bloomberg")
