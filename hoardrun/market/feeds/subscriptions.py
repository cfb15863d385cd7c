"""The subscriptions of one connection, and the state of each symbol. Pure.

Times are seconds of the session's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hoardrun.market.feeds.venue import Limits

MAX_ASK_SECONDS = 300.0  # between two tries for a symbol that stays silent


class SymbolState(StrEnum):
    """How far a venue serves a symbol."""

    ASKED = "asked"
    LIVE = "live"
    REFUSED = "refused"  # until the configuration or the venue's catalogue changes
    SILENT = "silent"  # it answers nothing, or sends no data while others move


@dataclass(frozen=True, slots=True)
class Change:
    """The state of a symbol has changed."""

    symbol: str
    state: SymbolState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """Symbols to be sent to the venue, each part in one frame."""

    add: Sequence[Sequence[str]] = ()
    drop: Sequence[Sequence[str]] = ()


@dataclass(slots=True)
class _Symbol:
    state: SymbolState
    reason: str = ""
    is_quiet: bool = False  # silent though it was accepted: only data makes it live
    is_doubtful: bool = False  # asked for anew: neither an answer nor data has come since
    due: float = 0.0  # when its answer is overdue
    tries: int = 1
    channels: set[str] = field(default_factory=set)  # that accepted it


class Subscriptions:
    """Follow each symbol from the asking to its data.

    A symbol is live once all channels accepted it, or once data of it comes. Refused symbols stay
    refused: `refused` is shared by all connections of a session.
    """

    def __init__(self, limits: Limits, channels: int, refused: dict[str, str]) -> None:
        self._limits = limits
        self._channels = channels
        self._refused = refused
        self._symbols: dict[str, _Symbol] = {}
        self.version = 0  # rises with each change of a state

    def states(self) -> Mapping[str, tuple[SymbolState, str]]:
        """Return state and reason of each symbol that is wanted."""
        return {name: (symbol.state, symbol.reason) for name, symbol in self._symbols.items()}

    def __contains__(self, name: object) -> bool:
        return name in self._symbols

    def live(self) -> Sequence[str]:
        """Return the symbols that the venue serves, those that went silent included."""
        served = (SymbolState.LIVE, SymbolState.SILENT)
        return [name for name, symbol in self._symbols.items() if symbol.state in served]

    def is_live(self, name: str) -> bool:
        symbol = self._symbols.get(name)
        return symbol is not None and symbol.state is SymbolState.LIVE

    @property
    def is_settled(self) -> bool:
        """Say whether each symbol has been answered, or its answer is overdue."""
        return all(symbol.state is not SymbolState.ASKED for symbol in self._symbols.values())

    def want(self, names: Sequence[str], now: float) -> Ask:
        """Ask for exactly these symbols; those beyond the venue's limit are refused."""
        wanted = dict.fromkeys(names)
        gone = [name for name in self._symbols if name not in wanted]
        dropped = [name for name in gone if self._symbols[name].state is not SymbolState.REFUSED]
        for name in gone:
            del self._symbols[name]
            self._refused.pop(name, None)
            self.version += 1
        places = self._limits.symbols
        taken = sum(symbol.state is not SymbolState.REFUSED for symbol in self._symbols.values())
        new: list[str] = []
        for name in wanted:
            if name in self._symbols:
                continue
            self.version += 1
            if name not in self._refused and places is not None and taken >= places:
                self._refused[name] = f"The venue allows {places} symbols."
            if name in self._refused:
                self._symbols[name] = _Symbol(SymbolState.REFUSED, self._refused[name])
            else:
                taken += 1
                new.append(name)
                sent = len(new) / self._limits.symbols_a_frame / self._limits.frames_a_second
                due = now + sent + self._limits.ack_seconds
                self._symbols[name] = _Symbol(SymbolState.ASKED, due=due)
        return Ask(self._parts(new), self._parts(dropped))

    def accepted(self, name: str, channel: str) -> None:
        """Note that a channel has accepted a symbol."""
        if (symbol := self._symbols.get(name)) is None or symbol.state is SymbolState.REFUSED:
            return
        symbol.channels.add(channel)
        symbol.is_doubtful = False
        if len(symbol.channels) >= self._channels and not symbol.is_quiet:
            self._set(symbol, SymbolState.LIVE)

    def refuse(self, name: str, reason: str) -> bool:
        """Note that the venue refuses a symbol; say whether that is new."""
        if (symbol := self._symbols.get(name)) is None or symbol.state is SymbolState.REFUSED:
            return False
        self._set(symbol, SymbolState.REFUSED, reason)
        self._refused[name] = reason
        return True

    def forget_refusals(self) -> None:
        """Let `want` ask again for what was refused."""
        self._refused.clear()
        kept = self._symbols.items()
        self._symbols = {name: s for name, s in kept if s.state is not SymbolState.REFUSED}

    def seen(self, name: str) -> None:
        """Note data of a symbol."""
        if (symbol := self._symbols.get(name)) is None or symbol.state is SymbolState.REFUSED:
            return
        self._set(symbol, SymbolState.LIVE)
        symbol.is_quiet, symbol.is_doubtful, symbol.tries = False, False, 1

    def silence(self, name: str, reason: str) -> None:
        """Note that a live symbol sends nothing while others move."""
        if self.is_live(name):
            self._set(self._symbols[name], SymbolState.SILENT, reason)
            self._symbols[name].is_quiet = True

    def overdue(self, now: float) -> Sequence[str]:
        """Return the symbols to ask for anew since their answer did not come or was in part.

        They are silent, unless data of them comes without the answer.
        """
        late = []
        for name, symbol in self._symbols.items():
            missing = len(symbol.channels) < self._channels
            if symbol.state is SymbolState.REFUSED or now < symbol.due or not missing:
                continue
            is_live = symbol.state is SymbolState.LIVE and not symbol.is_doubtful
            if is_live and (not symbol.channels or symbol.tries > 3):
                continue  # a venue without answers, or one whose answers it is no use to wait for
            if symbol.state is SymbolState.ASKED or symbol.is_doubtful:
                self._set(symbol, SymbolState.SILENT, "The venue did not answer.")
            late.append(name)
        return late

    def ask_again(self, names: Iterable[str], now: float) -> Ask:
        """Ask for symbols anew: end their subscriptions, then subscribe."""
        again = []
        for name in names:
            if (symbol := self._symbols.get(name)) and symbol.state is not SymbolState.REFUSED:
                wait = min(self._limits.ack_seconds * 2**symbol.tries, MAX_ASK_SECONDS)
                symbol.due = now + wait
                symbol.tries += 1
                # It was accepted, and we end that: no heartbeat proves it if it is not again.
                symbol.is_doubtful |= bool(symbol.channels)
                symbol.channels.clear()
                again.append(name)
        return Ask(self._parts(again), self._parts(again))

    def _set(self, symbol: _Symbol, state: SymbolState, reason: str = "") -> None:
        if symbol.state is not state:
            symbol.state, symbol.reason = state, reason
            self.version += 1

    def _parts(self, names: Sequence[str]) -> Sequence[Sequence[str]]:
        size = self._limits.symbols_a_frame
        return [names[start : start + size] for start in range(0, len(names), size)]
