"""What venues say, in one shape for all of them. Pure: no I/O, no Django.

A venue's `protocol.py` makes events of frames; `session.py` acts on them. Symbols are the venue's
own. Times are whole microseconds since 1970 in UTC, by the venue's clock. Numbers are Decimal, as
written on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Ticker:
    """The newest price of a symbol, with the statistics that the venue sends along."""

    symbol: str
    price: Decimal
    at: int
    is_snapshot: bool = False
    bid: Decimal | None = None
    ask: Decimal | None = None
    open: Decimal | None = None  # of the window that `Venue.window` names
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade. `is_history` marks one that the venue repeats after a subscription."""

    symbol: str
    price: Decimal
    size: Decimal
    at: int
    trade_id: int | None = None
    is_history: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A candle as the venue has it. `begin` is the start of its minutes."""

    symbol: str
    begin: int
    minutes: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    trades: int | None = None
    is_snapshot: bool = False
    is_amended: bool = False  # the venue corrects a candle that it had closed
    at: int | None = None  # when the venue sent it, if it says so


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The venue has accepted a symbol in a channel."""

    symbol: str
    channel: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The venue refuses a symbol; asking again is of no use until its catalogue changes."""

    symbol: str
    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The venue says that it is alive and that what it has not sent has not happened."""


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to the application's own ping."""


@dataclass(frozen=True, slots=True)
class VenueState:
    """The state of the whole venue, such as `online` or `maintenance`."""

    is_online: bool
    words: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Trading of a symbol has stopped, or goes on."""

    symbol: str
    is_halted: bool
    reason: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """Trades are missing between two, by the venue's own numbers. Comes before the second one."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Reconnect:
    """The venue asks for a new connection, without a pause."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The venue refuses the whole session. A fatal one is not tried again by itself."""

    reason: str
    is_fatal: bool


@dataclass(frozen=True, slots=True)
class Odd:
    """A frame, or a part of one, that cannot be read: it is counted, and changes nothing."""

    why: str
    symbol: str = ""


Event = (
    Ticker
    | Trade
    | Bar
    | Subscribed
    | Refused
    | Heartbeat
    | Pong
    | VenueState
    | Halt
    | Missed
    | Reconnect
    | Failed
    | Odd
)
