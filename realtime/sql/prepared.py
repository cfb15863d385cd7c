"""Queries that Django writes as SQL once: for reads that are asked for all the time.

Building and writing a query takes Django several times as long as running it. The choice of rows
stays with the caller's queryset, such as a selector's; this only remembers the text of it.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

MAX_SHAPES = 128  # of one query: the combinations of fixed values that are remembered
# Stand in for values while Django writes the text. The number fits every column of integers; no
# value holds a NUL.
_NUMBER = 2_111_222_000
_TEXT = "\0value "


class _Statement(NamedTuple):
    sql: str
    parameters: tuple[Any, ...]
    places: dict[int, int]  # of the parameters that are values, and which value
    converters: tuple[tuple[int, Sequence[Any], Any], ...]
    row: type[Any]


class Prepared:
    """A query that differs in values only.

    `build` gets the values, and returns a queryset with `values_list` of named fields. Values are
    numbers or text, and are put into the finished statement. An argument given by name instead
    (`fixed`) may change the statement: at most MAX_SHAPES of them are remembered.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._statement = lru_cache(MAX_SHAPES)(self._write)

    def rows(
        self, *values: int | str, limit: int | None = None, skip: int = 0, **fixed: Any
    ) -> list[Any]:
        """Return named tuples, at most `limit` of them after `skip`."""
        kinds = tuple(map(type, values))
        found = self._statement(connection.vendor, kinds, tuple(fixed.items()))
        parameters = list(found.parameters)
        for place, number in found.places.items():
            parameters[place] = values[number]
        sql = found.sql
        if limit is not None:
            sql, parameters = f"{sql} LIMIT %s OFFSET %s", [*parameters, limit, skip]
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(_read(cursor.fetchall(), found))

    def _write(
        self, vendor: str, kinds: tuple[type[Any], ...], fixed: tuple[tuple[str, Any], ...]
    ) -> _Statement:
        first = _NUMBER
        while any(value in range(first, first + len(kinds)) for _, value in fixed):
            first += len(kinds)  # a filter asks for this very number
        stands_for = {
            first + number if kind is int else f"{_TEXT}{number}": number
            for number, kind in enumerate(kinds)
        }
        query = self._build(*stands_for, **dict(fixed)).query
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        places = {
            place: stands_for[value]
            for place, value in enumerate(parameters)
            if type(value) in {int, str} and value in stands_for
        }
        if set(places.values()) != set(stands_for.values()):
            raise TypeError(f"a value is not a parameter of {sql}")
        columns = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)
        return _Statement(
            sql,
            tuple(parameters),
            places,
            tuple((index, each, column) for index, (each, column) in converters.items()),
            namedtuple("Row", query.selected or query.values_select),  # noqa: PYI024
        )


def _read(rows: Sequence[Sequence[Any]], statement: _Statement) -> Iterator[Any]:
    make, converters = statement.row._make, statement.converters
    if not converters:
        yield from map(make, rows)
        return
    for row in rows:
        values = list(row)
        for index, each, column in converters:
            for convert in each:
                values[index] = convert(values[index], column, connection)
        yield make(values)
