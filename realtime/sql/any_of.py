"""Select by many numbers that are one parameter.

`__in` has a parameter for each: Django and the driver work on every one of them, which costs more
than the query where there are a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import BooleanField, F, Func


class AnyOf(Func):
    """Hold where a column of integers has one of these numbers; for `filter`."""

    output_field: ClassVar[BooleanField[bool, bool]] = BooleanField()
    arity = 1

    def __init__(self, column: Any, numbers: Iterable[int] = ()) -> None:
        super().__init__(F(column) if isinstance(column, str) else column)
        self.numbers = sorted(numbers)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        [column] = self.get_source_expressions()
        sql, parameters = compiler.compile(column)
        listed = ",".join(map(str, self.numbers))
        if connection.vendor == "postgresql":
            return f"{sql} = ANY(%s::bigint[])", [*parameters, f"{{{listed}}}"]
        return f"{sql} IN (SELECT value FROM json_each(%s))", [*parameters, f"[{listed}]"]
