"""Count the queries of a database, as PostgreSQL itself logs them."""

from __future__ import annotations

import re
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.services.postgres import Postgres

# Not BEGIN alone, nor COMMIT, nor the empty ones by which a pool tries whether a connection works.
_STATEMENT = re.compile(rb"LOG:  (?:statement|execute [^:]*): (?!BEGIN\s*$|COMMIT)\S")


class Statements:
    """Count the queries of one database, by sessions that begin before `close`."""

    def __init__(self, postgres: Postgres, database: str) -> None:
        self._url = postgres.url
        self._database = database
        self._file = postgres.folder / "log"
        self._began = self._file.stat().st_size
        self._alter("SET log_statement = 'all'")

    def count(self) -> int:
        """Return how many queries were asked since the beginning."""
        with self._file.open("rb") as log:
            log.seek(self._began)
            return sum(_STATEMENT.search(line) is not None for line in log)

    def close(self) -> None:
        """Let sessions that begin later be quick again."""
        self._alter("RESET log_statement")

    def _alter(self, what: LiteralString) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            name = sql.Identifier(self._database)
            connection.execute(sql.SQL("ALTER DATABASE {} " + what).format(name))
