"""Let a recording stand in for its venue in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal

from django.conf import settings

from hoardrun.market.recording.format import Recording
from hoardrun.market.recording.server import ReplayServer


@asynccontextmanager
async def standing_in(
    recording: Recording, *, speed: float, is_fast: bool, is_now: bool
) -> AsyncGenerator[ReplayServer]:
    """Play a recording from the first contact on, at the addresses that this process asks.

    Raises VenueNotPlayed, and OSError if there is no port.
    """
    rebase: Literal["now"] | None = "now" if is_now else None
    server = ReplayServer(recording, speed=speed, is_fast=is_fast, rebase=rebase, waits=True)
    async with server:
        before = settings.MARKET
        name = f"MARKET_{recording.header.source.upper()}"
        settings.MARKET = {
            **before,
            f"{name}_URL": server.url,
            f"{name}_API_URL": server.api_url,
        }
        try:
            yield server
        finally:
            settings.MARKET = before
