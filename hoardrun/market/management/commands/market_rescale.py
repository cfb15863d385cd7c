"""`manage.py market_rescale`: give an instrument another number of decimals."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from hoardrun.market.models import MAX_DECIMALS
from hoardrun.market.rescaling import instrument_rescale
from realtime.management import base


class Command(base.Command):
    """Change all that is stored of its prices in one transaction, or refuse."""

    help = "Give an instrument another number of decimals; refuses what would lose digits."
    json_help = "One JSON object: the rows that were written, by table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("symbol")
        parser.add_argument("decimals", type=base.whole(0, MAX_DECIMALS))

    def handle(self, *args: Any, symbol: str, decimals: int, **options: Any) -> None:
        written = instrument_rescale(symbol=symbol, decimals=decimals)
        rows = ", ".join(f"{count} of {table}" for table, count in sorted(written.items()))
        self.say(written, f"{symbol.upper()} has {decimals} decimals. Rows written: {rows}.")
