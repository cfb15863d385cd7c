"""Kill `manage.py notify` in the middle, repeat it, and see from outside what it left."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults import truth
from tests.services import environment
from tests.services.ports import wait_until
from tests.services.process import Process, run_python

LONGEST_DELAY_SECONDS = 0.08  # of a kill once it is due: about what a chunk of users takes
PATIENT_SECONDS = 60

# A tenth more than asked for are not active, and some have an event already.
_BEGINNING = """
from django.contrib.auth.models import User
from django.db import transaction
from realtime import log
from notifications.messages import SystemAnnouncement
count = {users}
User.objects.bulk_create(
    User(username=f"user-{{n}}", is_active=n < count) for n in range(count + count // 10)
)
with transaction.atomic():
    log.append([
        (f"user:{{pk}}", SystemAnnouncement(id="1", title="before", message="-"))
        for pk in User.objects.values_list("pk", flat=True) if pk % 7 == 0
    ])
"""


class Store:
    """A migrated database, filled with users, and looked at while others write to it."""

    def __init__(self, url: str, users: int) -> None:
        self.users = users
        self.env = environment.of_a_server() | {"DATABASE_URL": url}
        self._url = url
        script = _BEGINNING.format(users=users)
        run_python("manage.py", "shell", "-v0", "-c", script, env=self.env)

    def query(self, statement: str) -> Sequence[Sequence[Any]]:
        with truth.connected(self._url) as query:
            found: Sequence[Sequence[Any]] = query(statement).fetchall()
            return found

    def is_written(self) -> bool:
        """Return True while a transaction that writes is open."""
        if not self._url.startswith("sqlite:"):
            return bool(
                self.query(
                    "SELECT 1 FROM pg_stat_activity "
                    "WHERE datname = current_database() AND backend_xid IS NOT NULL"
                )
            )
        with truth.connected(self._url) as query:
            query("PRAGMA busy_timeout = 0")
            try:
                query("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            query("ROLLBACK")
            return False

    def is_sound(self) -> bool:
        """Say whether the database's own files are whole."""
        return truth.corruption(self._url) == []

    def mailing(self, key: str) -> tuple[int, bool]:
        """Read how many users a mailing has reached, and whether it is finished."""
        found = self.query(
            f"SELECT done, finished_at IS NOT NULL FROM notifications_mailing WHERE key = '{key}'"
        )
        return (found[0][0], bool(found[0][1])) if found else (0, False)


class Mailings:
    """Mailings to all users, begun anew only when one has ended before it could be killed."""

    def __init__(self, store: Store, folder: Path, seed: int) -> None:
        self.keys = ["mailing-1"]
        self.killed_at: list[int] = []  # the number of users that had it then
        self.killed_writing = 0  # kills in the middle of a transaction
        self._store = store
        self._log = folder / "notify.log"
        self._rng = random.Random(seed)

    def run(self, kills: int) -> None:
        """Kill `kills` times, then let every mailing end. Raises AssertionError when one cannot."""
        while len(self.killed_at) < kills:
            if self._store.mailing(self.keys[-1])[1]:
                self.keys.append(f"mailing-{len(self.keys) + 1}")
            self._kill_one(kills - len(self.killed_at))
            assert self._store.is_sound()
        for key in self.keys:
            self._start(key).until_ended(seconds=PATIENT_SECONDS)

    def _kill_one(self, left: int) -> None:
        """Start the command; kill it when it writes, or has done its share of the rest."""
        key = self.keys[-1]
        before, _ = self._store.mailing(key)
        due = before + self._rng.uniform(0.1, 1.5) * (self._store.users - before) / (left + 1)
        in_transaction = self._rng.random() < 0.5
        process = self._start(key)

        def is_due() -> bool:
            return (
                process.exit_code is not None
                or (in_transaction and self._store.is_written())
                or self._store.mailing(key)[0] >= due
            )

        wait_until(is_due, seconds=PATIENT_SECONDS, what="the mailing advances")
        time.sleep(self._rng.uniform(0, LONGEST_DELAY_SECONDS))
        writing = self._store.is_written()
        process.kill()
        if process.exit_code == -9:
            self.killed_at.append(self._store.mailing(key)[0])
            self.killed_writing += writing

    def _start(self, key: str) -> Process:
        return Process(
            [sys.executable, "manage.py", "notify", "--all", "--key", key,
             "--title", key, "--message", "To everybody."],
            log=self._log, env=self._store.env,
        )  # fmt: skip
