"""`manage.py stream_market`: run a feed in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from hoardrun.market import services
from hoardrun.market.feeds import FEEDS
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.runner import run_feed
from realtime import publish
from realtime.management import base

REPORT_SECONDS = 5.0


class Command(base.Command):
    """Stream until Ctrl-C, SIGTERM or the time of `--for`, then report how much was sent."""

    help = "Send a feed's quotes to all server processes through Redis, and store the newest."
    json_help = "One JSON object a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="simulator", choices=sorted(FEEDS))
        parser.add_argument(
            "--interval",
            type=base.number(0.01, 3600),
            default=0.5,
            help="Seconds between batches.",
        )
        parser.add_argument("--symbols", default="", help="Only these, as BTC-USD,SCOM.")
        parser.add_argument(
            "--for",
            type=base.number(0, 10**7),
            dest="seconds",
            metavar="SECONDS",
            help="End after this time.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError(
                "Without REDIS_URL these ticks could not reach a server process: set REDIS_URL, "
                "or start `manage.py serve --simulate-market`, which needs no Redis."
            )
        self._started = time.monotonic()
        self._batches = self._quotes = 0
        self._symbols: set[str] = set()
        services.instruments_ensure()
        asyncio.run(self._stream(**options))
        publish.flush()
        self._report("summary")

    async def _stream(
        self, *, source: str, interval: float, symbols: str, seconds: float | None, **_: Any
    ) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        if seconds is not None:
            loop.call_later(seconds, stop.set)
        reporting = asyncio.ensure_future(self._report_regularly())
        try:
            await run_feed(
                source,
                publish=self._publish,
                stop=stop,
                interval=interval,
                symbols=[symbol for symbol in symbols.split(",") if symbol.strip()],
            )
        finally:
            reporting.cancel()

    def _publish(self, quotes: Sequence[LiveQuote]) -> None:
        services.quotes_publish(quotes=quotes)
        self._batches += 1
        self._quotes += len(quotes)
        self._symbols.update(quote.listing.symbol for quote in quotes)

    async def _report_regularly(self) -> None:
        """Report by the clock: that a feed is silent is what has to be seen."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._report("progress")

    def _report(self, event: str) -> None:
        seconds = time.monotonic() - self._started
        numbers = {
            "seconds": round(seconds, 1),
            "ticks": self._quotes,
            "batches": self._batches,
            "symbols": len(self._symbols),
            "ticks_per_second": round(self._quotes / max(seconds, 0.001), 1),
        }
        end = "Ended after" if event == "summary" else "Streaming for"
        self.say(
            {"event": event, **numbers},
            f"{end} {numbers['seconds']} s: {self._quotes} ticks of {len(self._symbols)} "
            f"symbols in {self._batches} batches, {numbers['ticks_per_second']} a second.",
        )
