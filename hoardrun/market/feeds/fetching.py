"""Fetch what a venue says of the past, within what its HTTP API allows.

All processes share a venue's budget, by the row `market:<venue>` of `realtime.outgoing.pacing`.
What is called blocks: call it in a thread, outside any transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from threading import Event
from typing import TypeVar
from urllib.parse import urlencode

from hoardrun import __version__
from hoardrun.market.feeds import times, venue_named
from hoardrun.market.feeds.events import Bar, Trade
from hoardrun.market.feeds.reading import TooMany
from hoardrun.market.feeds.venue import History, Listed, Request
from hoardrun.market.options import api_url_of
from realtime.outgoing import Outcome, Reply, Rules, client, pacing

MAX_ANSWER_BYTES = 32 * 2**20  # the list of a venue with all its symbols
READ_SECONDS = 20.0
PATIENCE_SECONDS = 60.0  # for a turn, while other processes use the budget
BUSY_SECONDS = 30.0  # after an answer that asks for a pause and does not say how long
BROKEN_SECONDS = 60.0  # after one that says nothing
REFUSED_SECONDS = 3600.0  # after one that will be the same the next time
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.IM_A_TEAPOT, HTTPStatus.SERVICE_UNAVAILABLE)

URGENT_SECONDS = 0.5  # after the turn of an urgent call, in which the next one may ask for its own

T = TypeVar("T")
_over = Event()  # of those that wait now
_urgent_until: dict[str, float] = {}  # by pace: until then no other call takes a turn


class FetchFailed(Exception):
    """A venue's past could not be had. It is of use to try again after `retry_seconds`."""

    def __init__(self, reason: str, retry_seconds: float) -> None:
        super().__init__(reason)
        self.retry_seconds = retry_seconds


def give_up() -> None:
    """Let no thread of this process wait for its turn any longer: they raise FetchFailed.

    For a process that is to end, which waits for all threads of its pools.
    """
    global _over
    over, _over = _over, Event()
    over.set()


class Fetcher:
    """Fetch the list, candles and trades of one venue. Thread-safe.

    All methods raise FetchFailed, iterators also after some pages: what they gave holds.
    """

    def __init__(
        self,
        name: str,
        history: History,
        *,
        address: str = "",
        requests_a_second: float = 1.0,
        is_urgent: bool = False,
    ) -> None:
        """`address` replaces the venue's own, and may then be one of this machine.

        Calls of this process that are not urgent let those go first that are.
        """
        self._pace = f"market:{name}"
        self._history = history
        self._is_replaced = bool(address)
        self._address = (address or history.address).rstrip("/")
        self._rate = requests_a_second
        self._is_urgent = is_urgent

    @property
    def minutes(self) -> tuple[int, ...]:
        """Return the intervals of which the venue has candles, ascending."""
        return tuple(self._history.minutes)

    def listing(self) -> list[Listed]:
        """Return the venue's own list of symbols."""
        return self._ask(self._history.listing_request(), self._history.read_listing)

    def bars(
        self, symbol: str, rest_symbol: str, minutes: int, since: int, until: int
    ) -> Iterator[list[Bar]]:
        """Yield pages of the candles that begin in [since, until), ascending.

        The running one is among them if the venue sends it. What is older than the venue's memory
        is left out, as are spans without trades.
        """
        span = self._history.bars_a_page * minutes * times.MINUTE
        begin = since
        while begin < until:
            request = self._history.bars_request(
                rest_symbol, minutes, begin, min(until, begin + span)
            )
            found = self._ask(request, partial(self._history.read_bars, symbol, minutes))
            if page := [bar for bar in found if begin <= bar.begin < min(until, begin + span)]:
                yield page
            # A venue that no longer has what was asked for answers with the oldest that it has.
            oldest = found[0].begin if found else 0
            begin = max(begin + span, oldest)

    def trades(
        self, symbol: str, rest_symbol: str, since: int, until: int
    ) -> Iterator[list[Trade]]:
        """Yield pages of the trades from `since` to `until`, ascending, each once.

        Those of both these times are among them. Nothing comes from a venue without such a call;
        of one with a single page, only the newest.
        """
        at = since
        last: Trade | None = None
        while (request := self._history.trades_request(rest_symbol, at)) is not None:
            found = self._ask(request, partial(self._history.read_trades, symbol))
            new = [trade for trade in found if last is None or _is_later(trade, last)]
            if page := [trade for trade in new if since <= trade.at <= until]:
                yield page
            if not new or new[-1].at >= until:
                return
            last = max(new, key=_place)
            at = last.at

    def _ask(self, request: Request, read: Callable[[bytes], T]) -> T:
        """Make one call in its turn and read its answer. Raises FetchFailed."""
        self._wait()
        address = request.address if request.address and not self._is_replaced else self._address
        url = f"{address}{request.path}"
        if request.params:
            url = f"{url}?{urlencode(request.params)}"
        rules = Rules(loopback=True) if self._is_replaced else Rules()
        caller = client(rules, read_seconds=READ_SECONDS, max_answer_bytes=MAX_ANSWER_BYTES)
        headers = {
            "Accept": "application/json",
            "User-Agent": f"hoardrun/{__version__}",
            **request.headers,
        }
        reply = caller.call("GET", url, headers=headers)
        if reply.status in _BUSY:
            raise self._paused(f"HTTP {reply.status}", reply)
        if reply.outcome is not Outcome.ACCEPTED or not reply.is_whole:
            raise _failure(reply)
        try:
            return read(reply.body)
        except TooMany as error:
            raise self._paused(str(error), reply) from None
        except ValueError as error:
            raise FetchFailed(str(error), REFUSED_SECONDS) from None

    def _wait(self) -> None:
        """Wait for the turn of a call."""
        over = _over
        if not self._is_urgent:
            self._let_urgent_go_first(over)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            left = until - time.monotonic()
            slot = pacing.take(self._pace, self._rate, within_seconds=max(0.0, min(left, 5.0)))
            if self._is_urgent:
                turn = slot.wait_seconds + 1 / self._rate
                _urgent_until[self._pace] = time.monotonic() + turn + URGENT_SECONDS
            if slot.why == "stopped":
                raise FetchFailed("Staff has stopped the calls.", REFUSED_SECONDS)
            if slot.wait_seconds > left:
                raise FetchFailed("The venue's budget is used up.", slot.wait_seconds)
            if over.wait(slot.wait_seconds):
                raise FetchFailed("The wait was given up.", slot.wait_seconds)
            if slot.is_taken:
                return

    def _let_urgent_go_first(self, over: Event) -> None:
        while (seconds := _urgent_until.get(self._pace, 0.0) - time.monotonic()) > 0:
            if over.wait(seconds):
                raise FetchFailed("The wait was given up.", seconds)

    def _paused(self, why: str, reply: Reply) -> FetchFailed:
        """Let no process call before the pause is over that the venue asks for."""
        asked = reply.retry_after_seconds
        seconds = BUSY_SECONDS if asked is None else asked
        pacing.hold(self._pace, seconds)
        return FetchFailed(f"The venue asks for a pause: {why}", seconds)


def fetcher_of(source: str, *, is_urgent: bool = False) -> Fetcher | None:
    """Return the fetcher of a source of this deployment; None if it has no past to fetch."""
    venue = venue_named(source)
    if venue.history is None:
        return None
    return Fetcher(
        source,
        venue.history,
        address=api_url_of(source, ""),
        requests_a_second=venue.limits.requests_a_second,
        is_urgent=is_urgent,
    )


def _is_later(trade: Trade, last: Trade) -> bool:
    """Say whether a trade was not among those up to another, by their times.

    One that came late has a higher number than those which follow it.
    """
    return _place(trade) > _place(last)


def _place(trade: Trade) -> tuple[int, int]:
    return trade.at, -1 if trade.trade_id is None else trade.trade_id


def _failure(reply: Reply) -> FetchFailed:
    if reply.status is None:
        return FetchFailed(f"No answer: {reply.error}", BROKEN_SECONDS)
    if reply.outcome is Outcome.ACCEPTED:
        return FetchFailed("The answer broke off, or was too long.", BROKEN_SECONDS)
    is_final = reply.outcome is Outcome.REFUSED
    return FetchFailed(f"HTTP {reply.status}", REFUSED_SECONDS if is_final else BROKEN_SECONDS)
