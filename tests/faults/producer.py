"""A process that publishes through the product's own doors, and keeps a ledger of it.

Run as `python -m tests.faults.producer` with one JSON object, what `main` takes, in a server's
environment. Of what it
attempts, a fifth is rolled back on purpose; what ended unknown is tried again with the same
idempotency key, as a careful caller would. With `--burst` it publishes more to a few users
than the buffers between them and a node hold, and ends.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django
from django.db import DatabaseError, InterfaceError, connection, transaction

from tests.faults.journal import Journal, canary

ROLLED_BACK = 0.2
ANNOUNCED = 0.01
MAX_EVENTS = 20  # in one transaction
BURST_PAUSE_SECONDS = 0.01
BURST_BYTES = 2_400_000  # for each user
# Of each event: what waits for a socket is spread in pieces, and a large event is announced
# without its text.
BURST_SIZES = (8000, 8500, 15_000, 60_000)


Wanted = tuple[int | None, str]  # whom an event is for, and its canary
Work = Callable[[Sequence[Wanted], str | None], list[Any]]


class RollBack(Exception):
    """The business changed its mind."""


class Producer:
    """One writer; `users` are the ids that it writes to."""

    def __init__(self, name: str, journal: Journal, users: Sequence[int], seed: int) -> None:
        self._name = name
        self._journal = journal
        self._users = users
        self._rng = random.Random(seed)
        self._number = 0
        self._size = 0  # of the text of each event in a burst
        self.calls: list[float] = []  # seconds that each publishing transaction took

    def attempt(self) -> int:
        """Make one attempt; return how many events it was about."""
        rng = self._rng
        if rng.random() < ANNOUNCED:
            targets: list[int | None] = [None]
        else:
            count = rng.choice((1, 1, 2, 5, MAX_EVENTS))
            targets = [rng.choice(self._users) for _ in range(count)]
        rows = len(targets) == 1 and targets[0] is not None and rng.random() < 0.5
        keyed = not rows and rng.random() < 0.3
        if keyed:  # one event of a stream and key
            targets = list(dict.fromkeys(targets))
        fails = rng.random() < ROLLED_BACK
        self._carry_out(self._row if rows else self._publish, targets, keyed=keyed, fails=fails)
        return len(targets)

    def burst(self) -> None:
        """Publish a lot to each user, all at once."""
        for user in self._users:
            left = BURST_BYTES
            while left > 0:
                self._size = self._rng.choice(BURST_SIZES)
                count = self._rng.randint(1, MAX_EVENTS)
                left -= count * self._size
                self._carry_out(self._publish, [user] * count)

    def bursts(self, seconds: float) -> None:
        """Publish many small bursts, with time between two for a user to catch up."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for user in self._users:
                self._size = self._rng.choice(BURST_SIZES)
                # Three of the smaller ones fill a socket's queue and are less than a piece.
                count = self._rng.choice((2, 3, 3, 3, 4))
                self._carry_out(self._publish, [user] * count)
                time.sleep(BURST_PAUSE_SECONDS)

    def _carry_out(
        self, work: Work, targets: Sequence[int | None], *, keyed: bool = False, fails: bool = False
    ) -> None:
        self._number += 1
        attempt = f"{self._name}-{self._number}"
        wanted = [(user, canary(user, attempt, number)) for number, user in enumerate(targets)]
        self._journal.note("begin", attempt, [[_stream(user), text] for user, text in wanted])
        key = attempt if keyed else None
        verdict, entries = self._try(work, wanted, key, fails)
        for _ in range(5):
            if not (keyed and verdict == "unknown" and not fails):
                break
            time.sleep(0.2)
            again, entries = self._try(work, wanted, key, False)
            verdict = again if again == "ok" else verdict  # the first may have committed
        if keyed and verdict == "ok" and self._rng.random() < 0.5:
            self._try(work, wanted, key, False)  # a caller that repeats itself
        found = [
            [entry.stream, text, entry.epoch, entry.offset]
            for entry, (_, text) in zip(entries, wanted, strict=False)
        ]
        self._journal.note("end", attempt, verdict, found)

    def _try(
        self, work: Work, wanted: Sequence[Wanted], key: str | None, fails: bool
    ) -> tuple[str, list[Any]]:
        began = time.monotonic()
        written = False
        entries: list[Any] = []
        try:
            with transaction.atomic():
                entries = work(wanted, key)
                if fails:
                    raise RollBack
                written = True  # from here on it is the COMMIT that may fail
        except RollBack:
            return "failed", []
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.05)
            # An error before COMMIT was sent is certain, one of COMMIT itself tells nothing.
            return ("unknown" if written else "failed"), []
        self.calls.append(time.monotonic() - began)
        self._journal.note("call", self.calls[-1])
        return "ok", entries

    def _row(self, wanted: Sequence[Wanted], key: str | None) -> list[Any]:
        from notifications.services import notification_create

        [(user, title)] = wanted
        assert user is not None
        notification_create(user_id=user, title=title, message="A row and its event.")
        return []

    def _publish(self, wanted: Sequence[Wanted], key: str | None) -> list[Any]:
        from realtime.publish import publish_many

        text = "x" * self._size or "An event alone."
        messages = [(_stream(user), _payload(user, title, text)) for user, title in wanted]
        return list(publish_many(messages, idempotency_key=key))


def _stream(user: int | None) -> str:
    return "announcements" if user is None else f"user:{user}"


def _payload(user: int | None, title: str, text: str) -> Any:
    from notifications.messages import Notification, SystemAnnouncement

    if user is None:
        return SystemAnnouncement(id="1", title=title, message=text)
    moment = "2026-01-01T00:00:00.000Z"
    return Notification(id="1", title=title, message=text, created_at=moment)


def main(
    *,
    folder: str,
    name: str,
    users: Sequence[int],
    seed: int,
    rate: float = 0.0,
    burst: Sequence[int] = (),
    seconds: float = 0.0,
) -> None:
    """Publish until SIGTERM at about `rate` events a second; or a `burst` to some users, and end.

    With `seconds` it is many small bursts for so long.
    """
    django.setup()
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))
    journal = Journal(Path(folder) / f"ledger-{name}.jsonl")
    producer = Producer(name, journal, burst or users, seed)
    if seconds:
        producer.bursts(seconds)
    elif burst:
        producer.burst()
    began, done = time.monotonic(), 0
    while not stopping and not burst:
        done += producer.attempt()
        ahead = done / rate - (time.monotonic() - began)
        began -= min(0.0, ahead)  # the time of a fault is not made up for
        while ahead > 0 and not stopping:
            time.sleep(min(ahead, 0.1))
            ahead = done / rate - (time.monotonic() - began)
    longest = max(producer.calls, default=0.0)
    journal.note("done", {"attempts": producer._number, "longest_call": longest})


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
