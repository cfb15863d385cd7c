"""What the session must know of a venue: its frames, its limits, its history. Pure.

A venue is one folder with a `protocol.py`, and one line of the registry in `feeds/__init__.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from hoardrun.market.feeds.events import Bar, Event, Trade


@dataclass(frozen=True, slots=True)
class Limits:
    """What a venue allows, and after how many seconds of silence something is wrong."""

    silence_seconds: float  # no pong, no heartbeat and no data: the connection is dead
    ack_seconds: float = 10.0  # without an answer to a subscription: it is silent
    symbols_a_frame: int = 50
    frames_a_second: float = 5.0
    connects: int = 8  # in `connects_seconds`: a quarter of what the venue allows
    connects_seconds: float = 60.0
    ping_seconds: float | None = None  # of the application's own ping; None: it has none
    life_seconds: float | None = None  # of a connection; a new one is opened before
    symbols: int | None = None  # in one session; None: no limit
    requests_a_second: float = 1.0  # of its HTTP API
    # Without a heartbeat or data while a symbol is live: dead, though it answers pings. None: the
    # venue promises no heartbeats.
    heartbeat_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of the venue's HTTP API. `address` is another one than the API's, if it needs one."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A symbol of the venue's own list."""

    symbol: str
    base: str
    quote: str
    exponent: int | None  # decimals of its prices
    rest_symbol: str  # as its HTTP API names it
    is_trading: bool = True


class History(ABC):
    """A venue's past, by its HTTP API: builds requests and reads answers; does not send.

    `read_*` raise ValueError for an answer that cannot be read.
    """

    address: ClassVar[str]  # such as https://api.kraken.com
    bars_a_page: ClassVar[int]
    minutes: ClassVar[Sequence[int]]  # the intervals it has, ascending

    @abstractmethod
    def listing_request(self) -> Request: ...

    @abstractmethod
    def read_listing(self, body: bytes) -> list[Listed]: ...

    @abstractmethod
    def bars_request(self, rest_symbol: str, minutes: int, since: int, until: int) -> Request:
        """Ask for the candles that begin in [since, until), microseconds; at most one page."""

    @abstractmethod
    def read_bars(self, symbol: str, minutes: int, body: bytes) -> list[Bar]:
        """Return the candles ascending, the running one too if the venue sends it."""

    def trades_request(self, rest_symbol: str, since: int) -> Request | None:
        """Ask for trades after a time; None if the venue has no such call."""
        return None

    def read_trades(self, symbol: str, body: bytes) -> list[Trade]:
        return []


Channel = Literal["ticker", "trades", "bars"]


class Venue(ABC):
    """One connection's frames. An instance lives as long as its connection: it may keep numbers."""

    name: ClassVar[str]
    address: ClassVar[str]  # of its WebSocket; the option MARKET_<NAME>_URL replaces it
    limits: ClassVar[Limits]
    channels: ClassVar[Sequence[Channel]]  # what a session subscribes to
    window: ClassVar[Literal["rolling_24h", "session"]]  # of a ticker's statistics
    types: ClassVar[Sequence[str]] = ("crypto",)  # of the instruments that it prices
    is_delayed: ClassVar[bool] = False
    history: ClassVar[History | None] = None

    def opening(self) -> Sequence[str]:
        """Return the frames to send first, such as a login."""
        return ()

    @abstractmethod
    def subscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return the frames that ask for these symbols in all channels."""

    @abstractmethod
    def unsubscribe(self, symbols: Sequence[str]) -> Sequence[str]:
        """Return the frames that end these subscriptions. Their answers are no events."""

    def ping(self) -> str | None:
        """Return the application's own ping, if the venue has one."""
        return None

    @abstractmethod
    def read(self, text: str) -> Sequence[Event]:
        """Read a frame. Never raises: what cannot be read is an `Odd`."""

    def is_fatal(self, status: int) -> bool:
        """Say whether an HTTP status of the handshake means: do not try again."""
        return status in (400, 401, 403, 404)
