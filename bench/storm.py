"""The process whose clients log in at a given rate, independent of the server's answers.

Told by `bench.scenarios.overload`, one JSON object a line. Commands:

- `hold`   connect members, who stay
- `logins` offer logins at a rate, or so many at once without a rate, for a while. With `cut`
           all members lose their connections first, and come back from then on by themselves
- `back`   wait until all members are back and have the last event; tell how long it took

A client gives up a handshake after PATIENCE_SECONDS. A stranger then does not come back: the rate
says how many come. One who is let in leaves after STAY_SECONDS. A member comes back as the Python
client does: after `Retry-After` if there is one, else after a random time whose limit doubles.
"""

from __future__ import annotations

import errno
import heapq
import itertools
import json
import re
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.frames import HEADER_END, MARKER
from bench.opening import READ_BYTES
from bench.results import quantile
from realtime.client.policy import Action, Backoff, Lost
from tests.services.driven import serve
from tests.services.handshake import offer, parse

PATIENCE_SECONDS = 5.0
STAY_SECONDS = 0.5
EVENTS = 1024
GREETING = b'"connection_established"'


@dataclass
class Tally:
    """The results of the logins that strangers offered."""

    offered: int = 0
    refused: int = 0
    gave_up: int = 0
    broken: int = 0
    seconds: list[float] = field(default_factory=list)  # of each that was greeted


@dataclass
class Member:
    """A client that stays: its position in the greeting, and the number of its last event."""

    number: int
    resume: str = ""
    last: int = -1
    is_in: bool = False
    since: float = 0.0  # when it had the last event that was waited for
    backoff: Backoff = field(default_factory=Backoff)


class Attempt:
    """One connection, from the first packet to the end."""

    def __init__(self, port: int, request: bytes, member: Member | None, now: float) -> None:
        self.member = member
        self.began = now
        self.greeted = False
        self.data = b""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        code = self.socket.connect_ex(("127.0.0.1", port))
        if code not in (0, errno.EINPROGRESS):
            raise ConnectionError(errno.errorcode[code])


class Storm:
    """All clients, one epoll, and a heap of scheduled actions."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._attempts: dict[int, Attempt] = {}
        self._members: list[Member] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._tally = Tally()
        self._port = 0
        self._path = ""
        self._tokens: list[str] = []
        self._next = 0
        self._wanted: int | None = None

    # -- commands

    def hold(self, *, port: int, path: str, tokens: list[str], count: int) -> dict[str, Any]:
        """Connect new members in place of the last ones; the first tokens are theirs."""
        for attempt in list(self._attempts.values()):
            self._end(attempt)
        self._later.clear()
        self._port, self._path, self._tokens = port, path, tokens
        self._members = [Member(number) for number in range(count)]
        self._wanted = None
        for member in self._members:
            self._come(member)
        self._until(lambda: all(member.is_in for member in self._members), 60)
        return {"held": sum(member.is_in for member in self._members)}

    def logins(
        self, *, seconds: float, rate: float | None = None, window: int = 0, cut: bool = False
    ) -> dict[str, Any]:
        """Offer logins for a while; tell what became of those that were over by then."""
        self._tally = tally = Tally()
        if cut:
            for attempt in [a for a in self._attempts.values() if a.member is not None]:
                self._end(attempt)
                assert attempt.member is not None
                self._gone(attempt.member, Lost(Action.RETRY, "cut"))
        began = time.monotonic()
        while (now := time.monotonic()) < began + seconds:
            due = int((now - began) * rate) if rate else tally.offered
            if not rate:
                due += window - sum(1 for a in self._attempts.values() if not a.greeted)
            while tally.offered < due:
                self._stranger()
            self._turn(0.005)
        for attempt in [a for a in self._attempts.values() if a.member is None]:
            self._end(attempt)  # the load falls
        return {
            "offered": tally.offered / seconds,
            "greeted": len(tally.seconds) / seconds,
            "refused": tally.refused / seconds,
            "gave_up": tally.gave_up / seconds,
            "broken": tally.broken / seconds,
            "p50": quantile(tally.seconds, 0.5) if tally.seconds else 0.0,
            "p99": quantile(tally.seconds, 0.99) if tally.seconds else 0.0,
            "max": max(tally.seconds, default=0.0),
        }

    def back(self, *, last: int, patience: float) -> dict[str, Any]:
        """Wait until all members are in and have the event with this number."""
        self._wanted, began = last, time.monotonic()
        for member in self._members:
            self._look(member)
        self._until(lambda: all(member.since for member in self._members), patience)
        missing = [member for member in self._members if not member.since]
        return {
            "seconds": time.monotonic() - began,
            "missing": len(missing),
            "out": sum(not member.is_in for member in missing),
            "least": min((member.last for member in missing), default=last),
        }

    # -- clients

    def _stranger(self) -> None:
        self._tally.offered += 1
        self._next += 1
        spare = len(self._tokens) - len(self._members)
        self._open(self._tokens[len(self._members) + self._next % spare], self._path, None)

    def _come(self, member: Member) -> None:
        path = f"{self._path}{member.resume}"
        self._open(self._tokens[member.number], path, member)

    def _gone(self, member: Member, lost: Lost) -> None:
        member.is_in = False
        now = time.monotonic()
        member.backoff.lost(now)
        self._at(now + member.backoff.seconds(lost), lambda: self._come(member))

    def _open(self, token: str, path: str, member: Member | None) -> None:
        request = offer(self._port, path, [("Authorization", f"Bearer {token}")])
        now = time.monotonic()
        attempt = Attempt(self._port, request, member, now)
        self._attempts[attempt.socket.fileno()] = attempt
        self._epoll.register(attempt.socket.fileno(), select.EPOLLOUT)
        self._at(now + PATIENCE_SECONDS, lambda: self._give_up(attempt))

    def _give_up(self, attempt: Attempt) -> None:
        if not attempt.greeted and attempt.socket.fileno() >= 0:
            self._lost(attempt, "gave_up", Lost(Action.RETRY, "no answer"))

    def _end(self, attempt: Attempt) -> None:
        number = attempt.socket.fileno()
        if number >= 0:
            del self._attempts[number]
            self._epoll.unregister(number)
            attempt.socket.close()

    def _lost(self, attempt: Attempt, how: str, lost: Lost) -> None:
        self._end(attempt)
        if attempt.member is not None:
            self._gone(attempt.member, lost)
        elif not attempt.greeted:
            setattr(self._tally, how, getattr(self._tally, how) + 1)

    def _read(self, attempt: Attempt) -> None:
        data = attempt.socket.recv(READ_BYTES)
        attempt.data += data
        if not data:
            self._lost(attempt, "broken", Lost(Action.RETRY, "closed"))
        elif attempt.greeted:
            self._take(attempt)
        elif HEADER_END in attempt.data and not attempt.data.startswith(b"HTTP/1.1 101"):
            _, headers = parse(attempt.data.partition(HEADER_END)[0] + b"\r\n\r\n")
            hint = headers.get("retry-after")
            lost = Lost(Action.RETRY, "refused", hint=float(hint) if hint else None)
            self._lost(attempt, "refused", lost)
        elif GREETING in attempt.data:
            self._greeted(attempt)

    def _greeted(self, attempt: Attempt) -> None:
        now = time.monotonic()
        attempt.greeted = True
        member = attempt.member
        if member is None:
            self._tally.seconds.append(now - attempt.began)
            self._at(now + STAY_SECONDS, lambda: self._end(attempt))
            attempt.data = b""
            return
        member.backoff.connected(now)
        member.is_in = True
        if not member.resume:
            found = re.search(rb'\{[^\x00]*"connection_established"[^\x00]*\}', attempt.data)
            assert found is not None
            text = found[0].decode("utf-8", "replace")
            greeting = json.JSONDecoder().raw_decode(text)[0]["data"]
            positions = greeting["positions"].items()
            since = ",".join(f"{name}:{at['offset']}" for name, at in positions)
            member.resume = f"?since={since}&epoch={greeting['epoch']}"
        self._take(attempt)

    def _take(self, attempt: Attempt) -> None:
        member = attempt.member
        if member is None:
            attempt.data = b""
            return
        found = MARKER.findall(attempt.data)
        if found:
            member.last = max(member.last, max(int(number) for number, _ in found))
        attempt.data = attempt.data[-64:]
        self._look(member)

    def _look(self, member: Member) -> None:
        if self._wanted is not None and member.is_in and member.last >= self._wanted:
            member.since = member.since or time.monotonic()

    # -- time

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (moment, next(self._order), action))

    def _until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready() and time.monotonic() < deadline:
            self._turn(0.01)

    def _turn(self, seconds: float) -> None:
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()
        for number, event in self._epoll.poll(seconds, EVENTS):
            attempt = self._attempts.get(number)
            if attempt is None:
                continue
            try:
                if event & select.EPOLLIN:
                    self._read(attempt)
                elif event & select.EPOLLOUT:
                    attempt.socket.send(attempt.request)
                    self._epoll.modify(number, select.EPOLLIN)
                else:
                    raise ConnectionError("hung up")
            except OSError as error:
                self._lost(attempt, "broken", Lost(Action.RETRY, repr(error)))


if __name__ == "__main__":
    storm = Storm()
    serve({verb: getattr(storm, verb) for verb in ("hold", "logins", "back")})
