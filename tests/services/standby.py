"""Streaming standbys of the run's PostgreSQL, which lag when told to, and take over.

A standby is copied by pg_basebackup and streams. When it takes over, it does so at the address of
the primary, as a floating address or a proxy has it.
"""

from __future__ import annotations

import itertools
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.services import reaper
from tests.services.ports import PATIENCE, free_port, wait_until
from tests.services.postgres import USER, Postgres, hand_over
from tests.services.process import Process

_numbers = itertools.count(1)


class Standby:
    """A standby of `primary`, which streams until it is told to lag."""

    def __init__(self, primary: Postgres) -> None:
        self._primary = primary
        self.folder = reaper.workspace() / f"standby-{next(_numbers)}"
        self.folder.mkdir()
        hand_over(self.folder, primary.runs_as)
        self.data = self.folder / "data"
        self.port = free_port()
        source = f"host=127.0.0.1 user={USER} password={primary.password} connect_timeout=2"
        primary.run_program(
            "pg_basebackup", "--pgdata", self.data, "--checkpoint=fast", "--wal-method=stream",
            "--no-sync", "--dbname", f"{source} port={primary.port}",
        )  # fmt: skip
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{source} port={primary.port}'\n")
            settings.write("wal_receiver_timeout = '2s'\nwal_retrieve_retry_interval = '200ms'\n")
        (self.data / "standby.signal").touch()
        hand_over(self.data / "standby.signal", primary.runs_as)
        self.process = self._launch()

    @property
    def url(self) -> str:
        """The address of its maintenance database."""
        return self._beside(self._primary.url)

    def _beside(self, url: str) -> str:
        return url.replace(f":{self._primary.port}/", f":{self.port}/")

    def wait_until_level(self) -> None:
        """Wait until it has replayed all that the primary has flushed now."""
        with psycopg.connect(self._primary.url, autocommit=True) as connection:
            row = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        assert row is not None

        def level() -> bool:
            with psycopg.connect(self.url, autocommit=True) as standby:
                found = standby.execute(
                    "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [row[0]]
                ).fetchone()
            return found is not None and bool(found[0])

        wait_until(level, seconds=20, what="the standby has what the primary has")

    def lag(self) -> None:
        """Receive nothing from here on."""
        self.process.stop(signal.SIGINT)

    def promote(self) -> None:
        """Make it a primary of its own, on a new timeline."""
        if self.process.exit_code is not None:
            self.process = self._launch()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote(true, %s)", [int(20 * PATIENCE)])

    def take_over(self) -> None:
        """Promote it, and let it serve in the place of the primary, which is down."""
        self.promote()
        self.process.stop(signal.SIGINT)
        shutil.move(self._primary.folder / "data", self.folder / "old")
        shutil.move(self.data, self._primary.folder / "data")
        self._primary.start()

    @contextmanager
    def old_primary(self, url: str) -> Iterator[str]:
        """Start the former primary, apart from its clients; yields the address for `url`."""
        process = self._primary.launch_on(self.folder / "old", self.port, self.folder)
        process.until(
            lambda: self._primary.answers_at(self.url), seconds=30, what="the old primary answers"
        )
        try:
            yield self._beside(url)
        finally:
            process.stop(signal.SIGQUIT)

    def close(self) -> None:
        """End it, if it has not taken over, and drop its data."""
        if self.process.exit_code is None:
            self.process.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _launch(self) -> Process:
        process = self._primary.launch_on(self.data, self.port, self.folder)
        process.until(
            lambda: self._primary.answers_at(self.url), seconds=30, what="standby answers"
        )
        return process
