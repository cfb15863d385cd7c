"""Ask several queries for their first value in one: what a program that polls asks each time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from realtime import clock


class Firsts:
    """Several queries that are asked together, again and again.

    Their text is made once, as that takes longer than to ask. They compare with the database's
    time, never with one of Python's, which would stay what it was.
    """

    def __init__(self, *wanted: QuerySet[Any, Any]) -> None:
        """Each of them names one column by `values_list`."""
        columns, self._parameters = [clock.now_sql()], list[Any]()
        for one in wanted:
            sql, values = one[:1].query.get_compiler(connection=connection).as_sql()
            columns.append(f"({sql})")
            self._parameters += values
        self._text = f"SELECT {', '.join(columns)}"

    def ask(self) -> tuple[datetime, list[Any]]:
        """Return the database's time, and the first value of each query; None where it has none.

        A time is as the driver returns it: see `clock.moment_of`.
        """
        with connection.cursor() as cursor:
            cursor.execute(self._text, self._parameters)
            now, *found = cursor.fetchone()
        return clock.moment_of(now), found
