"""How many queries a database was asked, as PostgreSQL itself logs them."""

from __future__ import annotations

import re

import psycopg
from psycopg import sql

from tests.services.postgres import Postgres

# Not BEGIN and COMMIT, nor the empty ones by which a pool finds out whether a connection works.
_STATEMENT = re.compile(rb"LOG:  (?:statement|execute [^:]*): (?!BEGIN|COMMIT)\S")


class Statements:
    """Count the queries of one database. Sessions that begin later than this are logged."""

    def __init__(self, postgres: Postgres, database: str) -> None:
        self._file = postgres.folder / "log"
        self._began = self._file.stat().st_size
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(
                    sql.Identifier(database)
                )
            )

    def count(self) -> int:
        """Return how many queries were asked since the beginning."""
        with self._file.open("rb") as log:
            log.seek(self._began)
            return sum(_STATEMENT.search(line) is not None for line in log)
