"""The process that holds a part of a crowd: clients that come back when they are cut off.

Told by `bench.scenarios.crowd`, as `bench.client` is. The differences:

- `open`   connect, a few at a time; one that is refused comes back
- `begin`  forget what came so far; `base` is the offset of the stream before message 0
- `back`   wait until all are connected and have `count` messages; tell how long after `since`,
           a moment of the monotonic clock, that was

A client comes back as the Python client does: after `Retry-After` if there is one, else after a
random time whose limit doubles. It gives up an attempt after ATTEMPT_SECONDS: the kernel would ask
again after a minute. It goes on after the last message that it has.
"""

from __future__ import annotations

import heapq
import select
import socket
import time
from typing import Any

from bench.checker import Receipt
from bench.client import Client, Connection
from bench.frames import Chunk
from bench.opening import Candidate, Plan, Step
from realtime.client.policy import Action, Backoff, Lost
from tests.services.driven import serve

ATTEMPT_SECONDS = 10.0
NOBODY = 1 << 30  # no limit to those who are under way at once


class Member(Connection):
    """One client, with or without a connection."""

    __slots__ = ("backoff",)

    def __init__(self, number: int) -> None:
        self.number = number
        self.receipt = Receipt()
        self.backoff = Backoff()
        self.tail = b""

    def goes_on(self, ready: socket.socket, chunk: Chunk, now: float) -> None:
        """Take over a new connection, and what came with its greeting."""
        self.socket = ready
        self.tail = chunk.tail
        self.receipt.take(chunk.numbers)
        self.backoff.connected(now)


class Crowd(Client):
    """All members, those that are connecting, and the schedule of the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._plan: Plan | None = None
        self._base: int | None = None  # None: nothing to go on from
        self._window = NOBODY
        self._arrivals = select.epoll()
        self._under_way: dict[int, tuple[Candidate, Member, float]] = {}  # the oldest first
        self._later: list[tuple[float, int, Member]] = []
        self._came_at = 0.0
        self._refused = self._lost = 0

    def open(self, *, steps: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Connect further members, as `opening.Plan` says."""
        self._plan = plan = Plan(steps=[Step(**step) for step in steps], **options)
        began, self._window = time.monotonic(), plan.window
        for number in range(plan.sockets):
            member = Member(number)
            self._all.append(member)
            self._later.append((0.0, number, member))
        deadline = began + plan.patience
        while (self._later or self._under_way) and time.monotonic() < deadline:
            self.turn(0.02)
        self._window = NOBODY
        missing = len(self._later) + len(self._under_way)
        if missing:
            raise TimeoutError(f"{missing} of {plan.sockets} sockets are not ready in time")
        return {"seconds": time.monotonic() - began, "refused": self._refused}

    def begin(self, *, base: int = 0) -> dict[str, Any]:
        self._base = base
        self._refused = self._lost = 0
        self._came_at = 0.0
        return super().begin()

    def back(self, *, count: int, since: float, patience: float) -> dict[str, Any]:
        wanted = [count] * len(self._all)
        deadline = time.monotonic() + patience
        while not self._complete(wanted) or len(self._connections) < len(self._all):
            if time.monotonic() >= deadline:
                break
            self.turn(0.02)
        now = time.monotonic()
        receipts = [member.receipt for member in self._all]
        return {
            "seconds": now - since,
            "connected": max(0.0, self._came_at - since),
            "lost": self._lost,
            "refused": self._refused,
            "absent": len(self._all) - len(self._connections),
            "missing": sum(receipt.lacking(count) for receipt in receipts),
            "doubled": sum(receipt.doubled for receipt in receipts),
            "reordered": sum(receipt.reordered for receipt in receipts),
            "cpu": time.process_time() - self._cpu,
        }

    def close(self) -> dict[str, Any]:
        for candidate, *_ in self._under_way.values():
            candidate.socket.close()
        self._under_way.clear()
        self._later.clear()
        return super().close()

    def turn(self, seconds: float) -> None:
        """Read all that can be read, and continue the members that reconnect."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now and len(self._under_way) < self._window:
            self._come(heapq.heappop(self._later)[2])
        if self._under_way:
            seconds = 0.002
        elif self._later:
            seconds = 0.02
        super().turn(seconds)
        for number, event in self._arrivals.poll(0):
            candidate, member, _ = self._under_way[number]
            try:
                if event & select.EPOLLOUT:
                    candidate.connected()
                    self._arrivals.modify(number, select.EPOLLIN)
                elif candidate.read():
                    self._arrived(number, candidate, member)
            except OSError:
                self._give_up(number)
        while self._under_way:
            number, (*_, began) = next(iter(self._under_way.items()))
            if time.monotonic() < began + ATTEMPT_SECONDS:
                break
            self._give_up(number)

    def _give_up(self, number: int) -> None:
        candidate, member, _ = self._under_way.pop(number)
        self._refused += 1
        candidate.socket.close()
        self._again(member, candidate.retry_after)

    def _come(self, member: Member) -> None:
        assert self._plan is not None
        has = None if self._base is None else self._base + member.receipt.next
        more = "" if has is None else f"?since=announcements:{has}"
        try:
            candidate = Candidate(self._plan, member.number, more)
        except OSError:
            self._again(member, None)
            return
        self._under_way[candidate.socket.fileno()] = candidate, member, time.monotonic()
        self._arrivals.register(candidate.socket.fileno(), select.EPOLLOUT)

    def _arrived(self, number: int, candidate: Candidate, member: Member) -> None:
        del self._under_way[number]
        self._arrivals.unregister(number)
        self._came_at = time.monotonic()
        member.goes_on(candidate.socket, candidate.greeted_with(), self._came_at)
        self._connections[number] = member
        self._epoll.register(number, select.EPOLLIN)

    def _again(self, member: Member, hint: float | None) -> None:
        now = time.monotonic()
        member.backoff.lost(now)
        seconds = member.backoff.seconds(Lost(Action.RETRY, "cut off", hint=hint))
        heapq.heappush(self._later, (now + seconds, member.number, member))

    def _drop(self, number: int, why: str) -> None:
        self._lost += 1
        self._epoll.unregister(number)
        member = self._connections.pop(number)
        member.socket.close()
        assert isinstance(member, Member)
        self._again(member, None)


if __name__ == "__main__":
    crowd = Crowd()
    verbs = ("open", "begin", "finish", "back", "close")
    serve({verb: getattr(crowd, verb) for verb in verbs}, crowd.lines())
