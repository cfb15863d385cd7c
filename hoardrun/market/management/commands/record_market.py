"""`manage.py record_market`: write what a venue sends to a file, which can be played again."""

from __future__ import annotations

import asyncio
import re
import signal
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from hoardrun.market.feeds import VENUES, venue_named
from hoardrun.market.models import SourceSymbol
from hoardrun.market.options import url_of
from hoardrun.market.recording.format import Header, Writer
from hoardrun.market.recording.recorder import Recorder, RecordingFailed
from realtime.management import base

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
MAX_SECONDS = 7 * 24 * 3600
LICENCE = "unknown: ask the venue before you pass it on"


class Command(base.Command):
    """Record until the time of `--for`, Ctrl-C or SIGTERM; the file is whole in each case."""

    help = "Record what a venue of prices sends. `replay_market FILE` plays it again."
    json_help = "The summary as one JSON object."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The file to write. It must not exist.")
        parser.add_argument("--source", required=True, choices=sorted(VENUES))
        parser.add_argument(
            "--for",
            type=_seconds,
            dest="seconds",
            metavar="TIME",
            help="End after this time, such as 90s, 10m or 24h.",
        )
        parser.add_argument(
            "--symbols",
            default="",
            help="As the venue names them, such as BTC/USD,ETH/USD. Else all that are enabled.",
        )
        parser.add_argument("--licence", default=LICENCE, help="What may be done with the file.")
        parser.add_argument("--note", default="", help="What is to be known of it.")

    def handle(
        self,
        *args: Any,
        file: Path,
        source: str,
        seconds: float | None,
        symbols: str,
        licence: str,
        note: str,
        **options: Any,
    ) -> None:
        asked = [symbol for symbol in symbols.split(",") if symbol.strip()] or list(
            SourceSymbol.objects.filter(source=source, is_enabled=True).values_list(
                "venue_symbol", flat=True
            )
        )
        if not asked:
            raise CommandError(
                f"No symbol of {source} is enabled: name some with --symbols, or run "
                f"`manage.py market_symbols --source {source}` first."
            )
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        header = Header(source, now, licence, note, tuple(asked))
        try:
            writer = Writer(file, header)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from None
        with writer:
            recorder = Recorder(
                venue := venue_named(source), url_of(source, venue.address), asked, writer
            )
            try:
                asyncio.run(self._record(recorder, seconds))
            except RecordingFailed as error:
                raise CommandError(f"{error}. What has come is in {file}, which is cut.") from None
        if not writer.frames:
            file.unlink()
            raise CommandError(f"Nothing came. {recorder.trouble}".strip() + ".")
        self.say(
            {"file": str(file), "frames": writer.frames, "refused": sorted(recorder.refused)},
            f"{writer.frames} frames of {len(asked)} symbols are in {file}."
            + (f" Refused: {', '.join(sorted(recorder.refused))}." if recorder.refused else ""),
        )

    async def _record(self, recorder: Recorder, seconds: float | None) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        if seconds is not None:
            loop.call_later(seconds, stop.set)
        await recorder.run(stop)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)([smh]?)", text, re.ASCII)
    seconds = float(found[1]) * UNITS[found[2]] if found else 0
    if not 0 < seconds <= MAX_SECONDS:
        raise ArgumentTypeError(f"{text[: base.SHOWN]!a} is no time up to seven days, such as 10m")
    return seconds
