"""What can go wrong with a venue, laid over a recording. Pure.

A fault is written as its kind and what it takes: `silence,symbol=BTC/USD,since=60,until=120`.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass, fields
from enum import StrEnum

from hoardrun.market.recording.clock import SECOND
from hoardrun.market.recording.tape import News

_PRICE = re.compile(r'("(?:price|last|p)":"?)[-0-9.eE]+')


class Kind(StrEnum):
    """The faults. Those of the handshake, of the connection, of subscriptions, and of frames."""

    TOO_MANY = "too_many"  # 429 with Retry-After `seconds`
    UNAUTHORISED = "unauthorised"  # 401
    AWAY = "away"  # 503
    CUT = "cut"  # all connections are closed with `code`; 1006 without a word
    HALF_OPEN = "half_open"  # connections stay, and nothing comes or is read any more
    DROP_AT_ONCE = "drop_at_once"  # lost as soon as a subscription is acknowledged
    STILL = "still"  # no heartbeats
    REFUSE = "refuse"  # subscriptions of `symbol`
    REFUSE_LOGIN = "refuse_login"
    DEAF = "deaf"  # requests get no answer
    MAINTENANCE = "maintenance"  # the venue says so, and sends no data
    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"  # by `seconds`
    REORDER = "reorder"  # a frame comes `seconds` after those that follow it
    SILENCE = "silence"  # no data of `symbol`, or of any: then only heartbeats come
    PRICE = "price"  # is `text` in place of what was recorded
    INJECT = "inject"  # the frame `text` is sent once
    HTTP_BUSY = "http_busy"  # the HTTP API answers 429 with Retry-After `seconds`


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, between two seconds of the recording.

    `share` is the part of frames that it meets, `times` how often it happens at most.
    """

    kind: Kind
    symbol: str = ""  # none: all
    since: float = 0.0
    until: float = math.inf
    share: float = 1.0
    seconds: float = 1.0
    times: float = math.inf
    code: int = 1006
    text: str = ""

    def is_due(self, position: int) -> bool:
        return self.since * SECOND <= position < self.until * SECOND

    def meets(self, symbol: str) -> bool:
        return not self.symbol or self.symbol == symbol


class FaultRefused(ValueError):
    """A text is no fault: it says why."""


def parse(text: str) -> Fault:
    """Read a fault. Raises FaultRefused."""
    kind, *pairs = text.split(",")
    if kind not in list(Kind):
        raise FaultRefused(f"There is no fault {kind!r}. Known are: {', '.join(Kind)}.")
    known = {field.name: field.type for field in fields(Fault) if field.name != "kind"}
    values: dict[str, object] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if name not in known:
            raise FaultRefused(f"A fault has no {name!r}. It takes: {', '.join(known)}.")
        try:
            values[name] = {"str": str, "float": float, "int": int}[str(known[name])](value)
        except ValueError:
            raise FaultRefused(f"{name} is {value!r}, which is no number.") from None
    return Fault(Kind(kind), **values)  # type: ignore[arg-type]


class Faults:
    """The faults that are laid, and how often each has happened."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._left: dict[Fault, float] = {}

    def lay(self, fault: Fault) -> None:
        self._left[fault] = fault.times

    def lift(self, fault: Fault) -> None:
        self._left.pop(fault, None)

    def lift_all(self) -> None:
        self._left.clear()

    @property
    def laid(self) -> list[Fault]:
        return list(self._left)

    def active(self, kind: Kind, position: int, symbol: str = "") -> Fault | None:
        """Return a fault that holds here, without counting it."""
        for fault, left in self._left.items():
            is_met = fault.kind is kind and left > 0 and fault.is_due(position)
            if is_met and (not symbol or fault.meets(symbol)):
                return fault
        return None

    def happens(self, kind: Kind, position: int, symbol: str = "") -> Fault | None:
        """Return a fault that happens here, and count it."""
        fault = self.active(kind, position, symbol)
        if fault is None or self._dice.random() >= fault.share:
            return None
        self._left[fault] -= 1
        return fault

    def course(self, news: News, position: int) -> list[tuple[float, str]]:
        """Return what is sent in place of a frame: after how many seconds, and the text."""
        symbol = news.symbols[0] if news.symbols else ""
        for kind in (Kind.MAINTENANCE, Kind.SILENCE, Kind.DROP):
            if self.happens(kind, position, symbol):
                return []
        text = news.text
        if fault := self.happens(Kind.PRICE, position, symbol):
            price = fault.text
            text = _PRICE.sub(lambda found: found[1] + price, text)
        late = 0.0
        for kind in (Kind.DELAY, Kind.REORDER):
            if fault := self.happens(kind, position, symbol):
                late += fault.seconds
        copies = 2 if self.happens(Kind.DUPLICATE, position, symbol) else 1
        return [(late, text)] * copies
