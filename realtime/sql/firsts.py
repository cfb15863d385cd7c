"""Ask several queries for their first value in one: what a program that polls asks each time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from realtime import clock


def firsts(*wanted: QuerySet[Any, Any]) -> tuple[datetime, list[Any]]:
    """Return the database's time, and the first value of each queryset; None where it has none.

    Each names one column by `values_list`. A time is as the driver returns it: see
    `clock.moment_of`.
    """
    columns, parameters = [clock.now_sql()], []
    for one in wanted:
        sql, values = one[:1].query.get_compiler(connection=connection).as_sql()
        columns.append(f"({sql})")
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", parameters)
        now, *found = cursor.fetchone()
    return clock.moment_of(now), found
