"""Commit notifications of many kinds with the money that they are about, and change wishes.

Run as `python -m tests.centre.load` with one JSON object, what `main` takes; SIGTERM ends it
after what it is in. See `ledger` for its file.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django
from django.db import DatabaseError, InterfaceError, connection, transaction

from tests.centre.ledger import Ledger

MIX: Mapping[str, float] = {
    "transaction.debit": 34, "transaction.credit": 20, "transaction.failed": 9,
    "transaction.reversed": 5, "security.new_device": 7, "security.pin_changed": 3,
    "kyc.approved": 5, "payment.due": 9, "savings.general": 3, "system.general": 2,
    "marketing.general": 3,
}  # fmt: skip
OWN_TEXT = ("savings.general", "system.general", "marketing.general")
CHANGE, CANCEL, SUPERSEDE = 0.04, 0.02, 0.5


class RollBack(Exception):
    """Ends a transaction that is not to be."""


class Load:
    """One producer. Each notification has a number that no other has."""

    def __init__(
        self, name: str, folder: str, people: Sequence[Any], seed: int, mix: Mapping[str, float],
        changes: float,
    ) -> None:  # fmt: skip
        self._name, self._people, self._mix = name, people, mix
        self._changers = [one for one in people if not one["plain"]]
        self._changes = changes
        self._log = Ledger(Path(folder) / f"load-{name}.jsonl")
        self._rng = random.Random(f"{seed}-{name}")
        self._count = 0
        self._debits: dict[int, list[int]] = defaultdict(list)
        self._recent: list[tuple[int, int]] = []

    def one(self) -> None:
        """Commit one notification, and now and then change something."""
        from notifications.services import notification_create

        self._count += 1
        user = self._rng.choice(self._people)
        kind = self._rng.choices(list(self._mix), list(self._mix.values()))[0]
        number = f"{self._name}-{self._count}"
        given = self._content(kind, user["id"])
        fails = self._rng.random() < 0.03
        self._log.note("begin", number, user["id"], kind, given.get("supersedes"))
        found, verdict, written = None, "ok", False
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(
                        "INSERT INTO centre_money (number, person) VALUES (%s, %s)",
                        [number, user["id"]],
                    )
                found = notification_create(user_id=user["id"], kind=kind, key=number, **given).pk
                if fails:
                    raise RollBack
                written = True  # from here on it is the COMMIT that may fail
        except RollBack:
            verdict = "failed"
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.05)
            verdict = "unknown" if written else "failed"
        self._log.note("end", number, verdict, found)
        if verdict == "ok" and found is not None:
            self._recent = [*self._recent[-30:], (user["id"], found)]
            if kind == "transaction.debit":
                self._debits[user["id"]].append(found)
        if self._rng.random() < CHANGE * self._changes and self._changers:
            self._change(self._rng.choice(self._changers))
        if self._rng.random() < CANCEL * self._changes and self._recent:
            self._cancel(*self._recent.pop(self._rng.randrange(len(self._recent))))

    def _content(self, kind: str, user_id: int) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        amount = {"amount": str(10_000_000 + self._count), "currency": "UGX"}
        if kind in OWN_TEXT:
            return {"title": f"News {self._count}", "message": "There is something new."}
        context: dict[str, Any] = {}
        given: dict[str, Any] = {"context": context}
        if kind.startswith("transaction."):
            context |= {"amount": amount, "happened_at": now}
            if kind in {"transaction.failed", "transaction.reversed"}:
                context["direction"] = "outbound"
            debits = self._debits[user_id] if kind == "transaction.reversed" else []
            if debits and self._rng.random() < SUPERSEDE:
                given["supersedes"] = debits.pop()
        elif kind == "payment.due":
            day = datetime.now(UTC).date() + timedelta(days=3)
            context |= {"amount": amount, "payee": "Umeme Limited", "due_on": day.isoformat()}
        elif kind == "security.new_device":
            context |= {"device": "Firefox on Linux", "happened_at": now}
        elif kind.startswith("security."):
            context["happened_at"] = now
        return given

    def _change(self, user: Mapping[str, Any]) -> None:
        """Switch a category of a channel, or set or end quiet hours."""
        from notifications.preferences.services import Origin, preferences_change

        wish: dict[str, Any]
        if self._rng.random() < 0.6:
            category = self._rng.choice(("transaction", "payment", "savings", "kyc"))
            channel = self._rng.choice(("push", "email", "sms"))
            wish = {"cells": {f"category:{category}": {channel: self._rng.random() < 0.4}}}
        else:
            wish = {"quiet": self._windows(user["zone"]) if self._rng.random() < 0.6 else []}
        origin = Origin(actor="load", source="api")
        self._log.note("changing", user["id"], "wish", wish)
        try:
            preferences_change(user_id=user["id"], changes=wish, by=origin)
        except (DatabaseError, InterfaceError):
            connection.close()
            return  # it may hold or not
        self._log.note("changed", user["id"], "wish", wish)

    def _windows(self, zone: str) -> list[dict[str, Any]]:
        """Return a window around now, in local time."""
        now = datetime.now(ZoneInfo(zone))
        start = now - timedelta(minutes=1)
        end = now + timedelta(minutes=self._rng.choice((1, 2)))
        return [{"days": 127, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}]

    def _cancel(self, user_id: int, notification: int) -> None:
        from notifications.services import notification_cancel

        self._log.note("changing", user_id, "cancel", notification)
        try:
            notification_cancel(notification_id=notification)
        except (DatabaseError, InterfaceError):
            connection.close()
            return
        self._log.note("changed", user_id, "cancel", notification)

    def done(self) -> None:
        self._log.note("done", self._count)


def main(
    *,
    folder: str,
    name: str,
    world: str,
    seed: int,
    rate: float,
    mix: Mapping[str, float] | None = None,
    changes: float = 1.0,
) -> None:
    """Publish until SIGTERM, at about `rate` a second."""
    django.setup()
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))
    load = Load(name, folder, json.loads(Path(world).read_text()), seed, mix or MIX, changes)
    began, done = time.monotonic(), 0
    while not stopping:
        load.one()
        done += 1
        ahead = done / rate - (time.monotonic() - began)
        began -= min(0.0, ahead)  # the time of a fault is not made up for
        while ahead > 0 and not stopping:
            time.sleep(min(ahead, 0.1))
            ahead = done / rate - (time.monotonic() - began)
    load.done()


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
