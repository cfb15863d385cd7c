"""The handle of the client process in the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.opening import Entry, Plan
from tests.services.driven import Driven


@dataclass(frozen=True)
class Received:
    """The messages that all sockets received. Latencies in milliseconds, the rest in seconds.

    `first` is from publishing a message to the first socket that has it, `rest` from there to the
    last one.
    """

    deliveries: int
    bytes: int
    cpu: float
    wall: float
    p50: float
    p99: float
    max: float
    first_p50: float
    first_p99: float
    first_max: float
    rest_p50: float
    rest_p99: float
    rest_max: float
    missing: int
    doubled: int
    reordered: int
    surplus: int
    broken: int
    why: Sequence[str]

    def problems(self) -> list[str]:
        """Say what was not delivered exactly once and in order; empty if all was."""
        wrong = ("missing", "doubled", "reordered", "surplus")
        found = [f"{getattr(self, name)} {name}" for name in wrong if getattr(self, name)]
        if self.broken:
            found.append(f"{self.broken} sockets lost ({', '.join(self.why)})")
        return found


class Load(Driven):
    """Opens sockets in a process of its own and tells what they received."""

    def __init__(self, folder: Path) -> None:
        super().__init__("bench.client", log=folder / "client.log")

    def open(
        self, entry: Entry, sockets: int, *, stuck: int = 0, seconds: float = 180
    ) -> dict[str, Any]:
        """Open sockets and wait until all are ready; may be called again for more."""
        plan = Plan(**vars(entry), sockets=sockets, stuck=stuck, patience=seconds)
        return self.ask("open", within=seconds + 10, **asdict(plan))

    def begin(self) -> None:
        """Count from here: the next message is number 0."""
        self.ask("begin")

    def finish(self, count: int | Sequence[int], *, settle: float = 0.2) -> Received:
        """Wait until each socket has `count` messages, or none came for ten seconds.

        `count` may differ from socket to socket, if all were opened at once; without
        `begin`, what came while they were opened counts too.
        """
        return Received(**self.ask("finish", count=count, settle=settle, within=600))

    def arrivals(self) -> dict[int, int]:
        """The first arrival of each message, on the monotonic clock in nanoseconds."""
        return dict(sorted(self.ask("arrivals")["arrivals"], reverse=True))

    def between(self, since: int, until: int) -> int:
        """Count the messages between two moments of that clock, at all sockets."""
        return int(self.ask("between", since=since, until=until)["deliveries"])

    def texts(self) -> int:
        """Count the messages that all sockets got since `begin`, with a number or without."""
        return int(self.ask("texts")["texts"])

    def close(self) -> None:
        """Close all sockets; others may be opened after that."""
        self.ask("close")
