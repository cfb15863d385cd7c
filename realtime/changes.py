"""Report what a save or a deletion changed, in its transaction: the base of models that publish.

An app derives its model from `Tracked`, names the attributes in `TRACKED`, and calls `connect`
when it is ready. `post_save` would not do: an instance does not know what the database holds. It
may have been read long ago, in part, or in a transaction that was rolled back. So each save and
deletion first reads and locks the stored row; the report and the row commit together.

`update()`, the bulk methods, fixtures, and rows that are deleted with the row that they belong
to are not reported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from django.db import models, router, transaction
from django.db.models.deletion import Collector

Row = TypeVar("Row", bound="Tracked")


class TrackedQuerySet(models.QuerySet[Row]):
    """Rows whose deletion is reported in one call, each as it was when it was deleted."""

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(self.db, savepoint=False):
            chosen = self.model._base_manager.using(self.db)
            chosen = chosen.filter(pk__in=self.order_by().values("pk"))
            rows = list(chosen.select_for_update(no_key=True).order_by("pk"))
            # First, since a deletion takes the keys off the instances.
            self.model.report_deleted(rows)
            collector = Collector(using=self.db, origin=self)
            collector.collect(rows)
            return collector.delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Tracked(models.Model):
    """Base of rows whose changes are reported. Proxies of a model report as it does."""

    # The attributes whose changes are reported, such as `user_id`.
    TRACKED: ClassVar[tuple[str, ...]] = ()
    _on_saved: ClassVar[Callable[[Any, Any], None] | None] = None
    _on_deleted: ClassVar[Callable[[Sequence[Any]], None] | None] = None

    class Meta:
        abstract = True

    def save_base(
        self,
        raw: bool = False,
        force_insert: bool | tuple[models.base.ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        # Fixtures call Django's method itself. Here `save` has chosen the fields of a row that
        # was read in part.
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using, savepoint=False):
            before = _stored(self, using)
            super().save_base(raw, force_insert, force_update, using, update_fields)
            now = _saved(self, before, update_fields, using)
            report = type(self)._on_saved
            if report is not None and (before is None or before.differs(now)):
                report(before, now)

    def delete(
        self, using: str | None = None, keep_parents: bool = False
    ) -> tuple[int, dict[str, int]]:
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using, savepoint=False):
            if before := _stored(self, using):
                self.report_deleted([before])
            return super().delete(using, keep_parents)

    def differs(self, other: Tracked) -> set[str]:
        """Name those of TRACKED that differ between two readings of a row.

        A moment that every save renews (`auto_now`) is no difference.
        """
        fields = [
            field
            for field in self._meta.concrete_fields
            if field.attname in self.TRACKED and not getattr(field, "auto_now", False)
        ]
        return {
            field.attname
            for field in fields
            if not _is_same(field, getattr(self, field.attname), getattr(other, field.attname))
        }

    @classmethod
    def report_deleted(cls, rows: Sequence[Tracked]) -> None:
        """Call what `connect` was given for deletions, with locked rows."""
        if cls._on_deleted is not None:
            cls._on_deleted(rows)


def connect(
    model: type[Row],
    saved: Callable[[Row | None, Row], None],
    deleted: Callable[[Sequence[Row]], None] | None = None,
) -> None:
    """Call `saved` or `deleted` in the transaction of each save or deletion of a model's rows.

    `saved` gets the row as the database held it before, None for a new one, and as it holds it
    now. It is not called if nothing of TRACKED changed. `deleted` gets the rows that one call
    deletes, as they are at that moment.
    """
    model._on_saved, model._on_deleted = saved, deleted


def _stored(instance: Row, using: str) -> Row | None:
    """Read and lock what the database holds of a row; the save would lock it next anyway."""
    if instance.pk is None:
        return None
    rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)
    return rows.select_for_update(no_key=True).first()


def _saved(
    instance: Row, before: Row | None, update_fields: Iterable[str] | None, using: str
) -> Row:
    """Return the row as a save left it: what was saved, and else what was there before."""
    model = type(instance)
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        is_saved = update_fields is None or {field.name, field.attname} & set(update_fields)
        if before is None or field.primary_key or is_saved:
            value = instance.__dict__[field.attname]
            if hasattr(value, "resolve_expression"):  # the database has computed it
                return model._base_manager.using(using).get(pk=instance.pk)
            values[field.attname] = field.to_python(value)
        else:
            values[field.attname] = before.__dict__[field.attname]
    now = model.from_db(using, list(values), list(values.values()))
    for field in model._meta.concrete_fields:  # spares a query for each row that is at hand
        if isinstance(field, models.ForeignKey) and field.is_cached(instance):
            related = field.get_cached_value(instance)
            if related is not None and related.pk == values[field.attname]:
                field.set_cached_value(now, related)
    return now


def _is_same(field: models.Field[Any, Any], one: Any, other: Any) -> bool:
    """Compare two values as they are stored: in JSON, `1` and `true` are two."""
    if isinstance(field, models.JSONField):
        try:
            one, other = (
                json.dumps(value, sort_keys=True, cls=field.encoder) for value in (one, other)
            )
        except (TypeError, ValueError, RecursionError):  # no JSON, so it is not what is stored
            return False
    return bool(one == other)
