"""A feed of prices: what the club's shares cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from decimal import Decimal

from django.utils import timezone

from hoardrun import env
from hoardrun.market.quotes import Listing, LiveQuote
from tests.scenarios.club.options import ClubOptions


async def quotes(
    listings: Callable[[], Sequence[Listing]], *, interval: float
) -> AsyncGenerator[Sequence[LiveQuote], None]:
    """Yield a price of all that is listed, every `interval` seconds."""
    price = Decimal(env.read(ClubOptions).first_price)
    while True:
        yield [
            LiveQuote(
                listing=listing,
                price=price,
                open=price,
                high=price,
                low=price,
                previous_close=price,
                volume=Decimal(0),
                market_cap=None,
                as_of=timezone.now(),
            )
            for listing in listings()
        ]
        price += 1
        await asyncio.sleep(interval)
