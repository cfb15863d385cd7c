"""`manage.py stream_market`: run a source in a process of its own, while no other leads it."""

from __future__ import annotations

import asyncio
import signal
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from hoardrun.market import selectors, services
from hoardrun.market.engine.runtime import Runtime
from hoardrun.market.engine.tasks import first_of
from hoardrun.market.feeds import FEEDS, VENUES
from hoardrun.market.options import SIMULATOR
from hoardrun.market.quotes import LiveQuote
from hoardrun.market.recording.arguments import add_time_arguments, recording_in
from hoardrun.market.recording.format import Recording
from hoardrun.market.recording.server import ReplayServer
from hoardrun.market.recording.standing_in import standing_in
from realtime import publish
from realtime.management import base

REPLAY = "replay"
REPORT_SECONDS = 5.0
READ_SECONDS = 2.0  # until what was played last is published


class Command(base.Command):
    """Stream until Ctrl-C, SIGTERM or the time of `--for`, then report how much was sent.

    It waits while another process leads the source.
    """

    help = "Send a source's prices to all server processes through Redis, and store the newest."
    json_help = "One JSON object a line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--source", default="simulator", choices=sorted({*FEEDS, *VENUES, REPLAY})
        )
        parser.add_argument(
            "--interval",
            type=base.number(0.01, 3600),
            default=0.5,
            help="Seconds between batches, of a source without a venue.",
        )
        parser.add_argument(
            "--symbols",
            default="",
            help="Only these, as BTC-USD,SCOM, of a source without a venue.",
        )
        parser.add_argument(
            "--for",
            type=base.number(0, 10**7),
            dest="seconds",
            metavar="SECONDS",
            help="End after this time.",
        )
        parser.add_argument("--file", type=Path, help="The recording, with --source replay.")
        add_time_arguments(parser)

    def handle(
        self, *, source: str, interval: float, symbols: Any, seconds: float | None, **options: Any
    ) -> None:
        symbols = [symbol for symbol in symbols.split(",") if symbol.strip()]
        if not settings.REDIS_URL:
            raise CommandError(
                "Without REDIS_URL these ticks could not reach a server process: set REDIS_URL, "
                "or start `manage.py serve --simulate-market`, which needs no Redis."
            )
        if source == SIMULATOR and not settings.DEBUG:
            raise CommandError("Simulated prices look as real ones do: they are for DEBUG=1 alone.")
        replayed = self._recording(source, **options)
        if replayed is not None:
            source = replayed.header.source
        self._started = time.monotonic()
        self._batches = self._quotes = 0
        self._symbols: set[str] = set()
        services.instruments_ensure()
        selectors.listing_list(symbols=symbols)
        self._runtime = Runtime(
            [source],
            leads_engine=False,
            publish=self._publish,
            interval=interval,
            symbols=symbols,
        )
        asyncio.run(self._stream(seconds, replayed, **options))
        publish.flush()
        self._report("summary")

    def _recording(
        self, source: str, *, file: Path | None, speed: float, fast: bool, rebase: str, **_: Any
    ) -> Recording | None:
        """Return the recording that is to be played. Raises CommandError."""
        if (source == REPLAY) != (file is not None):
            raise CommandError("--source replay takes a --file, and no other source does.")
        if file is None:
            return None
        if not settings.DEBUG:
            raise CommandError("Recorded prices look as live ones do: they are for DEBUG=1 alone.")
        if rebase and (fast or speed > 1):
            raise CommandError(
                "A recording that begins now and goes faster would soon be in the future, where no "
                "price is believed: leave out --rebase."
            )
        recording = recording_in(file)
        if recording.header.source not in VENUES:
            raise CommandError(f"{file} is of {recording.header.source}, which is no venue here.")
        return recording

    async def _stream(
        self,
        seconds: float | None,
        replayed: Recording | None,
        *,
        speed: float,
        fast: bool,
        rebase: str,
        **_: Any,
    ) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        if seconds is not None:
            loop.call_later(seconds, stop.set)
        work = [stop.wait(), self._report_regularly(), self._runtime.run()]
        async with AsyncExitStack() as stack:
            if replayed is not None:
                played = standing_in(replayed, speed=speed, is_fast=fast, is_now=bool(rebase))
                work.append(_end_of(await stack.enter_async_context(played)))
            await first_of(*work)

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
            f"symbols in {self._batches} batches, {numbers['ticks_per_second']} a second."
            f"{'' if self._runtime.has_led else ' Another process leads it.'}",
        )


async def _end_of(server: ReplayServer) -> None:
    await server.ended.wait()
    await asyncio.sleep(READ_SECONDS)
