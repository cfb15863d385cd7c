"""Apply the events of a venue to the state of its connection. Pure.

Times are seconds of the session's clock, but `at`, which is the venue's time in microseconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import assert_never

from hoardrun.market.feeds.events import (
    Bar,
    Event,
    Failed,
    Halt,
    Heartbeat,
    Missed,
    Odd,
    Pong,
    Reconnect,
    Refused,
    Subscribed,
    Ticker,
    Trade,
    VenueState,
)
from hoardrun.market.feeds.health import Health
from hoardrun.market.feeds.latest import Latest
from hoardrun.market.feeds.liveness import Liveness, Quiet
from hoardrun.market.feeds.subscriptions import Ask, Subscriptions
from hoardrun.market.feeds.venue import Venue

logger = logging.getLogger(__name__)

MAX_WARNINGS = 100


@dataclass(slots=True)
class Shared:
    """What all connections of a session share."""

    symbols: Callable[[], Sequence[str]]
    quiet_after: Callable[[str], float | None]
    now: Callable[[], float]  # of the session's clock, which does not stand still
    health: Health = field(default_factory=Health)
    latest: Latest = field(default_factory=Latest)
    refused: dict[str, str] = field(default_factory=dict)
    data_at: dict[str, float] = field(default_factory=dict)  # by `now`, of each symbol
    holes: dict[str, int] = field(default_factory=dict)  # symbols that nothing serves, since `at`
    warned: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection ended."""

    reason: str
    is_fatal: bool = False


class Intake:
    """Act on the events of one connection, and say which of its symbols to ask for anew."""

    def __init__(self, venue: Venue, shared: Shared, now: float) -> None:
        self._name = venue.name
        self._shared = shared
        self._probed: dict[str, tuple[int, int]] = {}  # `at` of the symbol, and of all, then
        self.subscriptions = Subscriptions(venue.limits, len(venue.channels), shared.refused)
        self.liveness = Liveness(venue.limits, now)
        self.last_at: dict[str, int] = {}  # of each symbol's last data here

    def want(self, now: float) -> Ask:
        """Ask for the symbols that are followed now, and end those that are given up."""
        ask = self.subscriptions.want(self._shared.symbols(), now)
        for symbol in chain.from_iterable(ask.drop):
            self.liveness.forget(symbol)
            self._probed.pop(symbol, None)
        return ask

    def act(self, event: Event, now: float) -> Ending | Reconnect | None:
        """Act on an event. Return what ends the connection, or asks for another one."""
        shared = self._shared
        match event:
            case Ticker() | Trade() | Bar():
                self._take(event, now)
            case Halt():
                if event.symbol in self.subscriptions:
                    shared.latest.put(event)
            case Subscribed():
                self.subscriptions.accepted(event.symbol, event.channel)
                if self.subscriptions.is_live(event.symbol):
                    self._fill(event.symbol)
                for words in event.warnings:
                    self._warn(f"{self._name} warns: {words}")
            case Refused():
                if self.subscriptions.refuse(event.symbol, event.reason):
                    logger.warning(
                        "market: %s refuses %s: %s", self._name, event.symbol, event.reason
                    )
            case Heartbeat():
                self.liveness.heartbeat_at = now
            case Pong():
                self.liveness.pong_at = now
            case VenueState():
                if (shared.health.is_online, shared.health.words) != (event.is_online, event.words):
                    logger.info("market: %s is %s", self._name, event.words)
                shared.health.is_online, shared.health.words = event.is_online, event.words
            case Missed():
                if (at := shared.latest.at(event.symbol)) is not None:
                    shared.latest.lose(event.symbol, at)
            case Reconnect():
                return event
            case Failed():
                return Ending(event.reason, event.is_fatal)
            case Odd():
                shared.health.odd += 1
                shared.health.odd_reason = event.why
                self._warn(f"{self._name} sent what cannot be read: {event.why}")
            case _:
                assert_never(event)
        return None

    def probes(self, now: float, *, may_probe: bool) -> Sequence[str]:
        """Say which symbols are silent, and return those that are quiet, to be asked for anew."""
        found = []
        served, limit = self.subscriptions.live(), self._shared.quiet_after
        for symbol, quiet in self.liveness.quiet(served, limit, now, may_probe=may_probe):
            match quiet:
                case Quiet.SILENT:
                    self.subscriptions.silence(symbol, "No data while other symbols move.")
                case Quiet.PROBE:
                    found.append(symbol)
                    if (told := self._shared.latest.at(symbol)) is not None:
                        self._probed[symbol] = (told, self._shared.latest.newest_at)
                case _:
                    assert_never(quiet)
        return found

    def _take(self, event: Ticker | Trade | Bar, now: float) -> None:
        symbol, latest = event.symbol, self._shared.latest
        if symbol not in self.subscriptions:
            return  # it was given up, and its last frames were under way
        at = event.begin if isinstance(event, Bar) and event.at is None else event.at
        assert at is not None
        self._fill(symbol)
        told, venue_now = self._probed.get(symbol, (at, at))
        if at > told:  # the answer may begin with what was told before
            del self._probed[symbol]
        if told < at < venue_now:
            latest.lose(symbol, told)  # it happened before we asked anew, and was not said
        elif not self.subscriptions.is_live(symbol) and symbol in self.last_at:
            latest.lose(symbol, self.last_at[symbol])
        self.liveness.data(symbol, now)
        self.subscriptions.seen(symbol)
        self.last_at[symbol] = max(at, self.last_at.get(symbol, at))
        self._shared.data_at[symbol] = self._shared.now()
        latest.put(event)

    def _fill(self, symbol: str) -> None:
        """End the hole that the last connection has left: from now on nothing is missed."""
        if (since := self._shared.holes.pop(symbol, None)) is not None:
            self.last_at.setdefault(symbol, since)
            self._shared.latest.lose(symbol, since)

    def _warn(self, words: str) -> None:
        """Log a line once in a session's life; a venue repeats itself without end."""
        if words not in self._shared.warned and len(self._shared.warned) < MAX_WARNINGS:
            self._shared.warned.add(words)
            logger.warning("market: %s", words)
