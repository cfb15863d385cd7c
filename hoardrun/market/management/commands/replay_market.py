"""`manage.py replay_market`: a venue on this machine that plays a recording."""

from __future__ import annotations

import asyncio
import shlex
import signal
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from hoardrun.market.recording.arguments import add_time_arguments, recording_in
from hoardrun.market.recording.faults import Fault, FaultRefused, parse
from hoardrun.market.recording.format import Recording
from hoardrun.market.recording.server import ReplayServer
from hoardrun.market.recording.venues import VenueNotPlayed
from realtime.management import base


class Command(base.Command):
    """Play until Ctrl-C or SIGTERM. When the recording has ended, only heartbeats come."""

    is_one_piece = False
    help = (
        "Play a recording as the venue that it is of, to whoever connects from this machine. "
        "It prints the variables of a deployment that is to take it for the venue."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="A recording, such as of record_market.")
        parser.add_argument("--port", type=base.whole(0, 65535), default=8095)
        add_time_arguments(parser)
        parser.add_argument(
            "--begin",
            type=base.number(0, 10**7),
            default=0.0,
            metavar="SECONDS",
            help="Where in the recording to begin. What lies before is history.",
        )
        parser.add_argument("--wait", action="store_true", help="Begin with the first contact.")
        parser.add_argument(
            "--fault",
            type=_fault,
            action="append",
            default=[],
            dest="faults",
            help="Such as silence,symbol=BTC/USD,since=60,until=120; more than once.",
        )

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        recording = recording_in(file)
        try:
            asyncio.run(self._play(recording, **options))
        except (OSError, VenueNotPlayed) as error:
            raise CommandError(str(error)) from None

    async def _play(
        self,
        recording: Recording,
        *,
        port: int,
        speed: float,
        fast: bool,
        rebase: str | None,
        begin: float,
        wait: bool,
        faults: list[Fault],
        **options: Any,
    ) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        async with ReplayServer(
            recording,
            port=port,
            speed=speed,
            is_fast=fast,
            rebase="now" if rebase else None,
            begin=begin,
            waits=wait or fast,
            faults=faults,
        ) as server:
            name = recording.header.source.upper()
            self.stdout.write(f"MARKET_{name}_URL={shlex.quote(server.url)}")
            self.stdout.write(f"MARKET_{name}_API_URL={shlex.quote(server.api_url)}")
            self.stdout.flush()
            await stop.wait()


def _fault(text: str) -> Fault:
    try:
        return parse(text)
    except FaultRefused as error:
        raise ArgumentTypeError(str(error).removesuffix(".")) from None
