"""The outcomes of checks and the answers to probes, by functions that one app registers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from realtime.meters.kinds import Meter

CHECKS = ("database", "migrations", "channel_layer", "cache")
OK = "ok"
METER = Meter(
    "check_ok",
    "gauge",
    "1 while this process can use it: the database, all migrations applied, the channel layer, "
    "the cache. The first two make it ready.",
    {"check": CHECKS},
)


Answer = tuple[int, bytes]


async def _nothing() -> Mapping[str, str]:
    return {}


async def _no_probe(path: str) -> Answer | None:
    return None


@dataclass
class Readiness:
    """The outcomes: a function that returns `ok` or another word by each check's name.

    `probe` answers the probe at a path with a status and JSON; None if the path is no probe.
    Both must end within seconds and share what they ask: scrapes and probes call at any time.
    """

    outcomes: Callable[[], Awaitable[Mapping[str, str]]] = field(default=_nothing)
    probe: Callable[[str], Awaitable[Answer | None]] = field(default=_no_probe)

    async def read(self) -> dict[str, int]:
        """Return 1 for each check that is right, 0 for one that is not."""
        return {name: int(word == OK) for name, word in (await self.outcomes()).items()}


readiness = Readiness()
