"""Alpaca with the key of this deployment."""

from __future__ import annotations

from typing import ClassVar

from hoardrun.market.feeds.alpaca.history import AlpacaHistory
from hoardrun.market.feeds.alpaca.protocol import Alpaca
from hoardrun.market.feeds.venue import History
from hoardrun.market.options import options


def _keys() -> tuple[str, str]:
    given = options()
    return given.alpaca_key, given.alpaca_secret


class Account(Alpaca):
    """Alpaca by MARKET_ALPACA_KEY and MARKET_ALPACA_SECRET."""

    history: ClassVar[History | None] = AlpacaHistory(_keys)

    def __init__(self) -> None:
        super().__init__(*_keys())
