"""Ask PostgreSQL for the settings that hoardrun relies on: at the start and by checks.

`realtime.log.durability` judges what it says of durability. SQLite is asked there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

_NAMES = (
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "idle_in_transaction_session_timeout",
    "server_version",
)


@dataclass(frozen=True)
class ServerSettings:
    """The answers of one moment."""

    values: Mapping[str, str]
    lock_timeout: str  # in our own transactions, such as 5s
    is_pooled: bool  # a connection pooler stands between

    @property
    def lost_by(self) -> list[str]:
        """Name the settings that are off and may lose a commit, as far as they are ours to judge.

        A managed database may be durable by other means than its files (Neon, Aurora). To confirm
        a commit before it is stored is never one of them.
        """
        names = ["synchronous_commit"]
        if settings.DATABASE_DURABILITY != "managed":
            names += ["fsync", "full_page_writes"]
        return sorted(name for name in names if self.values.get(name) == "off")

    @property
    def lets_transactions_idle(self) -> bool:
        """Say whether a forgotten transaction may hold its locks for ever."""
        return self.values.get("idle_in_transaction_session_timeout") == "0"


def read() -> ServerSettings | None:
    """Ask PostgreSQL; None on SQLite."""
    if connection.vendor != "postgresql":
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), pg_backend_pid(), "
            "ARRAY(SELECT name || '=' || setting FROM pg_settings WHERE name = ANY(%s))",
            [list(_NAMES)],
        )
        lock_timeout, pid, pairs = cursor.fetchone()
        # A pooler names itself where a server names its process.
        is_pooled = connection.connection.info.backend_pid != pid
    values = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    return ServerSettings(values, lock_timeout, is_pooled)


def tell() -> None:
    """Log at the start how PostgreSQL is reached, and what an operator should know."""
    found = read()
    if found is None:
        return
    limit = "never end" if found.lock_timeout == "0" else f"end after {found.lock_timeout}"
    way = ", through a connection pooler" if found.is_pooled else ""
    version = found.values["server_version"]
    logger.info("PostgreSQL %s%s: waits for locks %s.", version, way, limit)
    if settings.DATABASE_DURABILITY == "managed":
        logger.info(
            "DATABASE_DURABILITY=managed: fsync (%s) and full_page_writes (%s) are not judged.",
            found.values.get("fsync"),
            found.values.get("full_page_writes"),
        )
    if found.lets_transactions_idle:
        logger.warning(
            "idle_in_transaction_session_timeout is 0: a forgotten transaction may hold up all who "
            "publish, for ever. Run: ALTER ROLE CURRENT_USER SET "
            "idle_in_transaction_session_timeout = '1min'"
        )
