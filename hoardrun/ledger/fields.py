"""The column of an amount of money."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from hoardrun.ledger.errors import InvalidAmount
from hoardrun.ledger.money import DECIMAL_PLACES, MAX_DIGITS, is_exact

if TYPE_CHECKING:  # Django's class takes no parameters when it runs
    _Decimal = models.DecimalField[Any, Any]
else:
    _Decimal = models.DecimalField


class MoneyField(_Decimal):
    """A decimal that is stored as it is, or refused: Django and the databases would round it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("max_digits", MAX_DIGITS)
        options.setdefault("decimal_places", DECIMAL_PLACES)
        super().__init__(*args, **options)

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return `numeric` on PostgreSQL: it rounds nothing, and a wider one rewrites no table."""
        if connection.vendor == "postgresql":
            return "numeric"
        return super().db_type(connection)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Prepare a value to be stored. Raises InvalidAmount if the column would round it."""
        number = None if hasattr(value, "as_sql") else self.to_python(value)
        if isinstance(number, Decimal) and not is_exact(number):
            raise InvalidAmount(f"{number} has more digits than a column of money holds.")
        return super().get_db_prep_save(value, connection)
