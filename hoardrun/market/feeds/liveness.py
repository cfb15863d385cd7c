"""Judge whether a connection and each of its symbols are alive. Pure.

Three clocks stay apart: answers to pings, heartbeats, data. A heartbeat says that nothing
happened to the symbols that are served; it does not say which ones are. So a symbol is also held
against its peers. Times are seconds of the session's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from hoardrun.market.feeds.venue import Limits

# Parts of a symbol's limit. It is asked for anew and then called silent before the limit itself
# passes, so that its price is stale exactly then.
PROBE = 0.5
SILENT = 0.9
LONELY = 3.0  # limits without data of any symbol: ask anew, since heartbeats prove nothing
MAX_PROBE_SECONDS = 300.0


class Quiet(Enum):
    """What to do about a symbol without data."""

    PROBE = auto()  # ask for it anew
    SILENT = auto()  # say so, too


@dataclass(slots=True)
class _Pulse:
    since: float  # its last data, or when data was first expected of it
    has_data: bool = False
    probe_at: float | None = None  # the last time that it was asked for anew
    probes: int = 0


class Liveness:
    """The clocks of one connection."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.opened_at = now
        self.pong_at = now
        self.heartbeat_at = now
        self.data_at = now
        self.first_data_at: float | None = None
        self._symbols: dict[str, _Pulse] = {}

    def data(self, symbol: str, now: float) -> None:
        """Note data of a symbol."""
        self.data_at = now
        if self.first_data_at is None:
            self.first_data_at = now
        pulse = self._symbols.setdefault(symbol, _Pulse(now))
        pulse.since, pulse.probe_at, pulse.probes, pulse.has_data = now, None, 0, True

    def proven_at(self, symbol: str) -> float | None:
        """Return when a heartbeat last said that nothing new happened to a symbol.

        None if this connection has had no data of the symbol, or no heartbeat after it.
        """
        pulse = self._symbols.get(symbol)
        if pulse is None or not pulse.has_data or self.heartbeat_at < pulse.since:
            return None
        return self.heartbeat_at

    def forget(self, symbol: str) -> None:
        self._symbols.pop(symbol, None)

    @property
    def data_seconds(self) -> float:
        """Return for how long data has come."""
        return 0.0 if self.first_data_at is None else self.data_at - self.first_data_at

    def death(self, now: float, *, is_subscribed: bool) -> str:
        """Say why the connection is dead, or nothing."""
        heard = max(self.heartbeat_at, self.data_at)
        if now - max(heard, self.pong_at) > self._limits.silence_seconds:
            return f"no sign of life for {self._limits.silence_seconds:g} s"
        beat = self._limits.heartbeat_seconds
        if beat is not None and is_subscribed and now - heard > beat:
            return f"no heartbeat and no data for {beat:g} s"
        return ""

    def quiet(
        self,
        symbols: Iterable[str],
        limit: Callable[[str], float | None],
        now: float,
        *,
        may_probe: bool = True,
    ) -> Sequence[tuple[str, Quiet]]:
        """Return the live symbols that are too quiet, and what to do about each.

        `limit` gives the seconds after which the price of a symbol is stale, None while nothing
        is expected of it. A symbol's peers move if one of them has had data since the first half
        of the time that the symbol is quiet. It is silent only once it was asked for and gave no
        data: where trades are rare, it may be the next one that shows that all is well.
        """
        found = []
        for name in symbols:
            pulse = self._symbols.setdefault(name, _Pulse(now))
            if (seconds := limit(name)) is None:
                pulse.since, pulse.probe_at, pulse.probes = now, None, 0
                continue
            age = now - pulse.since
            peers_move = self.data_at > pulse.since + min(age, seconds) / 2
            first = seconds * (PROBE if peers_move else LONELY)
            if age < first:
                continue
            if peers_move and age >= seconds * SILENT and _is_unanswered(pulse, seconds, now):
                found.append((name, Quiet.SILENT))
            if may_probe and self._is_due(pulse, seconds, now):
                pulse.probe_at, pulse.probes = now, pulse.probes + 1
                found.append((name, Quiet.PROBE))
        return found

    def _is_due(self, pulse: _Pulse, seconds: float, now: float) -> bool:
        if pulse.probe_at is None:
            return True
        wait: float = min(seconds * 2 ** min(pulse.probes - 1, 10), MAX_PROBE_SECONDS)
        return now - pulse.probe_at >= wait


def _is_unanswered(pulse: _Pulse, seconds: float, now: float) -> bool:
    return pulse.probes > 1 or (
        pulse.probe_at is not None and now - pulse.probe_at >= seconds * (SILENT - PROBE) - 1e-6
    )
