"""`manage.py market_symbols`: bring the symbols of a source in line with the venue's list."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError

from hoardrun.market import services
from hoardrun.market.feeds import VENUES
from hoardrun.market.feeds.fetching import FetchFailed, fetcher_of
from hoardrun.market.symbols import Synced, sync_symbols
from realtime.management import base


class Command(base.Command):
    """Ask the venue for its list once, and say what has changed."""

    help = "Map instruments to a venue's symbols by the venue's own list."
    json_help = "One JSON object."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", required=True, choices=sorted(VENUES))

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        services.instruments_ensure()
        fetcher = fetcher_of(source)
        if fetcher is None:
            raise CommandError(f"{source} has no list of its symbols.")
        try:
            synced = sync_symbols(source, fetcher.listing())
        except (FetchFailed, ValueError) as error:
            raise CommandError(f"The list of {source} could not be had: {error}") from error
        self.say(asdict(synced), _told(source, synced))


def _told(source: str, synced: Synced) -> str:
    lines = [
        f"{source}: {len(synced.created)} added, {len(synced.enabled)} enabled, "
        f"{len(synced.disabled)} disabled"
    ]
    lines += [f"{symbol}: added" for symbol in synced.created]
    lines += [f"{symbol}: enabled" for symbol in synced.enabled]
    lines += [f"{symbol}: disabled: {reason}" for symbol, reason in synced.disabled.items()]
    lines += [f"{symbol}: not in its list" for symbol in synced.missing]
    lines += [
        f"{symbol}: its prices have {decimals} decimals and are rounded; "
        f"`manage.py market_rescale {symbol} {decimals}` keeps them all"
        for symbol, decimals in synced.finer.items()
    ]
    return "\n".join(lines)
