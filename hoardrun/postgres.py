"""Connections to PostgreSQL that keep no state in their session, and take few round trips.

A connection pooler in transaction mode (PgBouncer, Supavisor, Neon's) gives each transaction
another session of the server. Settings of a session are lost there or met by a stranger, and
parameters of the start are refused. Therefore the limit of waits for locks belongs to each
transaction: it goes, with BEGIN, into the message of the transaction's first statement. That takes
one round trip less than a BEGIN of its own. A statement outside a transaction that writes carries
the limit too.

`stores.database` puts both classes into the settings, and Django's pool makes the connections.
"""

from __future__ import annotations

import re
import time
from typing import Any, ClassVar, Self

from django.db.backends.postgresql.base import Cursor  # type: ignore[attr-defined]
from psycopg import OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from realtime.sql.errors import connecting
from realtime.sql.failover import WatchedConnection

# Statements that may wait for a row's lock. Reads do not; some others may not share a message.
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)
_BEGIN = "BEGIN"


class LimitedConnection(WatchedConnection):
    """A connection whose transactions wait for a lock no longer than `lock_limit` says.

    Isolation stays the server's default: Django sets no other one.
    """

    lock_limit: ClassVar[str] = ""  # a statement; empty: as the server's settings have it
    has_begun = False  # the message that is about to be sent begins the transaction itself
    drained_at: ClassVar[float] = 0.0  # monotonic
    made_at = 0.0

    @classmethod
    def connect(cls, *given: Any, **named: Any) -> Self:
        """Connect, and keep why that failed, for errors of a pool that waits in vain."""
        try:
            made = super().connect(*given, **named)
        except OperationalError as error:
            connecting.failed(error)
            raise
        connecting.succeeded()
        made.made_at = time.monotonic()
        return made

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Execute a statement.

        An empty one is the pool's check of a connection before a caller gets it. If that fails, the
        others died too, most likely, as PostgreSQL restarted: the pool would try one after the
        other, with a pause that doubles, until who waits for a connection gives up.
        """
        try:
            return super().execute(query, params, **options)
        except OperationalError:
            pool = getattr(self, "_pool", None)
            if query == "" and pool is not None and self.made_at > LimitedConnection.drained_at:
                LimitedConnection.drained_at = time.monotonic()
                pool.drain()
            raise

    @property
    def begins_next(self) -> bool:
        """Say whether the next statement is the first of a transaction."""
        return (
            not self.autocommit
            and self._pipeline is None
            and self.pgconn.transaction_status == TransactionStatus.IDLE
        )

    def _start_query(self) -> PQGen[None]:
        """Begin a transaction for what `LimitedCursor.execute` does not send, such as COPY."""
        if self.has_begun:
            return
        begins = not self.autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE
        yield from super()._start_query()
        if begins and self.lock_limit:
            yield from self._exec_command(self.lock_limit.encode())


class LimitedCursor(Cursor):  # type: ignore[misc]
    """Django's cursor; what must come before a statement goes into the same message."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        connection = self.connection
        first = _before(connection, query) if isinstance(connection, LimitedConnection) else []
        if not first:
            return super().execute(query, params, **options)
        before = "".join(f"{statement}; " for statement in first)
        connection.has_begun = True
        try:
            super().execute(before + query, params, **options)
        finally:
            connection.has_begun = False
            if self._query is not None:  # the text that Django logs
                self._query.query = self._query.query.removeprefix(before.encode())
        for _ in first:
            self.nextset()  # the result of the statement itself
        return self


def _before(connection: LimitedConnection, query: Any) -> list[str]:
    """List the statements that must come before one."""
    if not isinstance(query, str) or not query.strip():
        return []
    limit = [connection.lock_limit] if connection.lock_limit else []
    if connection.begins_next:
        return [_BEGIN, *limit]
    alone = connection.autocommit and _WRITES.match(query)
    idle = connection.pgconn.transaction_status == TransactionStatus.IDLE
    return limit if alone and idle else []


def limited_to(seconds: float) -> type[LimitedConnection]:
    """Return the class of connections that wait this long for a lock; 0: no limit of ours."""
    limit = f"SET LOCAL lock_timeout = {max(1, round(seconds * 1000))}" if seconds else ""
    return type(LimitedConnection.__name__, (LimitedConnection,), {"lock_limit": limit})
