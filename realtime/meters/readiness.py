"""The outcome of each readiness check, as the app that answers probes has it. It registers one."""

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


async def _nothing() -> Mapping[str, str]:
    return {}


@dataclass
class Readiness:
    """The outcomes: a function that returns `ok` or another word by each check's name.

    It must end within seconds and share what it asks: scrapes and probes call it at any time.
    """

    outcomes: Callable[[], Awaitable[Mapping[str, str]]] = field(default=_nothing)

    async def read(self) -> dict[str, int]:
        """Return 1 for each check that is right, 0 for one that is not."""
        return {name: int(word == OK) for name, word in (await self.outcomes()).items()}


readiness = Readiness()
