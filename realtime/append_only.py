"""Rows that are written once: no save, update or delete through the ORM changes them.

`record_triggers` refuses SQL by hand as well, except by those who may drop a trigger. Only the
columns that a model names in `ERASABLE` may be emptied, when a person is forgotten.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class RecordIsFinal(Exception):
    """Somebody tried to change or delete a record; write another one instead."""

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__(f"A {model._meta.verbose_name} is a record: it is never changed.")


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Rows to insert and to read."""

    def update(self, **values: Any) -> NoReturn:
        raise RecordIsFinal(self.model)

    def delete(self) -> NoReturn:
        raise RecordIsFinal(self.model)

    def erase(self) -> int:
        """Empty the columns of ERASABLE, and return how many rows had any text in them."""
        columns: tuple[str, ...] = getattr(self.model, "ERASABLE", ())
        if not columns:
            raise RecordIsFinal(self.model)
        empty = models.Q(**dict.fromkeys(columns, ""))
        filled = self.exclude(empty)
        return int(super(AppendOnlyQuerySet, filled).update(**dict.fromkeys(columns, "")))

    def bulk_update(self, *arguments: Any, **options: Any) -> NoReturn:
        raise RecordIsFinal(self.model)

    def bulk_create(
        self, objs: Any, batch_size: int | None = None, *conflicts: Any, **options: Any
    ) -> list[Row]:
        if conflicts or options:  # they would change a row that is there, or swallow that it is
            raise RecordIsFinal(self.model)
        return super().bulk_create(objs, batch_size)


class AppendOnly(models.Model):
    """Base of records. Raises RecordIsFinal for whatever is not an insert."""

    # Columns of text that tell about a person beyond the number of a user.
    ERASABLE: ClassVar[tuple[str, ...]] = ()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, **options: Any) -> None:
        if not self._state.adding or options.get("update_fields") is not None:
            raise RecordIsFinal(type(self))
        # Given the key of a row that is there, Django would update that one.
        super().save(force_insert=True, using=options.get("using"))

    def delete(self, using: Any = None, keep_parents: bool = False) -> NoReturn:
        raise RecordIsFinal(type(self))
