"""A real PgBouncer in transaction mode before a PostgreSQL, with the defaults of its packager."""

from __future__ import annotations

import contextlib
import shutil
import signal
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.services.binaries import ServerMissing
from tests.services.postgres import Postgres, hand_over
from tests.services.process import Process
from tests.services.store import Store

ADMIN = "pgbouncer"  # the name of its own console, among the databases


class PgBouncer(Store):
    """One PgBouncer; it comes back on the same port after stop() or kill().

    Nothing in its settings makes room for hoardrun: no parameter is ignored, and no query resets
    a session. `pool_size` connections to each database are shared by all clients.
    """

    name = "PgBouncer"
    ends_by = signal.SIGTERM  # at once, without waiting for clients

    def __init__(self, postgres: Postgres, *, pool_size: int = 20) -> None:
        self._postgres = postgres
        self._pool_size = pool_size
        super().__init__(f"pgbouncer-{token_hex(3)}")  # another one may be of the same process

    def url(self, direct: str) -> str:
        """Return the address by which clients reach a database through here."""
        parts = urlsplit(direct)
        return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{self.port}"))

    def command(self, words: str) -> None:
        """Tell its console something, such as PAUSE, and wait until it is done."""
        with psycopg.connect(self.url(self._postgres.url_of(ADMIN)), autocommit=True) as console:
            psycopg.ClientCursor(console).execute(words)

    def launch(self) -> Process:
        user = self._postgres.runs_as
        direct = urlsplit(self._postgres.url)
        users = self.folder / "users"
        users.write_text(f'"{direct.username}" "{direct.password}"\n')
        settings = self.folder / "pgbouncer.ini"
        settings.write_text(
            "[databases]\n"
            f"* = host={direct.hostname} port={direct.port}\n"
            "[pgbouncer]\n"
            "pool_mode = transaction\n"
            f"default_pool_size = {self._pool_size}\n"
            "max_client_conn = 2000\n"
            "listen_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\n"
            f"unix_socket_dir = {self.folder}\n"
            "auth_type = scram-sha-256\n"
            f"auth_file = {users}\n"
            f"admin_users = {direct.username}\n"
            "server_login_retry = 1\n"  # seconds, after the server was away; the default is 15
        )
        for path in (self.folder, users, settings):
            hand_over(path, user)
        return Process([_program(), settings], log=self.folder / "log", cwd=self.folder, user=user)

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url(self._postgres.url_of(ADMIN)), connect_timeout=2).close()
            return True
        return False


def _program() -> str:
    found = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if not found:
        raise ServerMissing(
            "These tests need PgBouncer: install it (on Debian: apt-get install pgbouncer)."
        )
    return found
