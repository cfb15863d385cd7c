"""Rows whose changes are told: each save and deletion is compared with the database.

`post_save` says that a row was saved, not what that changed, and an instance does not know
what the database holds: it may have been read long ago, in part, or in a transaction that was
rolled back. So the stored row is read, locked, before each save. A model that publishes its
changes derives from `Told`, names in `TOLD` what it tells, and its app calls `tell`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, ClassVar, TypeVar

from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import (
    class_prepared,
    post_delete,
    post_save,
    pre_delete,
    pre_save,
)

Row = TypeVar("Row", bound="Told")

_BEFORE = "_told_before"
# Signals know a class by its address, which must never become that of another one.
_connected: set[type[models.Model]] = set()


class Told(models.Model):
    """Base of rows that publish what a save changed; the save and its events commit together."""

    # The attributes whose changes are told, such as `user_id`.
    TOLD: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        # A receiver of signals may save the row once more, within a save.
        outer = {name: self.__dict__[name] for name in (_BEFORE,) if name in self.__dict__}
        try:
            # Django sends post_save after an autocommit: too late for an event that must not be
            # lost.
            with transaction.atomic(savepoint=False):
                super().save(*args, **kwargs)
        finally:
            self.__dict__.pop(_BEFORE, None)
            self.__dict__.update(outer)

    def differs(self, other: Told) -> set[str]:
        """Name those of TOLD that differ between two readings of a row."""
        fields = [field for field in self._meta.concrete_fields if field.attname in self.TOLD]
        return {
            field.attname
            for field in fields
            if not _is_same(field, getattr(self, field.attname), getattr(other, field.attname))
        }


def tell(
    model: type[Row],
    saved: Callable[[Row | None, Row], None],
    deleted: Callable[[Row, Any], None] | None = None,
) -> None:
    """Call `saved` or `deleted` in the transaction of each save or deletion of a model's rows.

    `saved` gets the row as the database held it before, None for a new one, and as it holds it
    now. It is not called if nothing of TOLD changed, nor for fixtures. `deleted` gets the row
    as it was, and the `origin` of the deletion. `update()` and the bulk methods call neither.
    A queryset that locks all that it deletes says so by `locks`: no row is read once more.
    """

    def remember(instance: Row, raw: bool, using: str, **kwargs: Any) -> None:
        instance.__dict__[_BEFORE] = None if raw else _stored(instance, using)

    def compare(
        instance: Row, raw: bool, using: str, update_fields: Collection[str] | None, **kwargs: Any
    ) -> None:
        before: Row | None = instance.__dict__.pop(_BEFORE, None)
        if raw:
            return
        now = _saved(instance, before, update_fields, using)
        if before is None or before.differs(now):
            saved(before, now)

    def load(instance: Row, using: str, origin: Any = None, **kwargs: Any) -> None:
        # A queryset has read its rows before it deletes them; they may have changed since.
        by_queryset = isinstance(origin, models.QuerySet) and issubclass(origin.model, model)
        if origin is instance or (by_queryset and not getattr(origin, "locks", False)):
            instance.__dict__[_BEFORE] = _stored(instance, using)
        else:
            if deferred := instance.get_deferred_fields():
                instance.refresh_from_db(fields=deferred)
            instance.__dict__[_BEFORE] = instance

    def gone(instance: Row, origin: Any = None, **kwargs: Any) -> None:
        before: Row | None = instance.__dict__.pop(_BEFORE, None)
        if before is not None and deleted is not None:
            deleted(before, origin)

    def connect(sender: type[models.Model], **kwargs: Any) -> None:
        """Listen to a model, and to those that derive from it, as a proxy does."""
        if not issubclass(sender, model):
            return
        _connected.add(sender)
        label = model._meta.label_lower
        pre_save.connect(remember, sender=sender, weak=False, dispatch_uid=f"{label}.before")
        post_save.connect(compare, sender=sender, weak=False, dispatch_uid=f"{label}.saved")
        if deleted is not None:
            pre_delete.connect(load, sender=sender, weak=False, dispatch_uid=f"{label}.load")
            post_delete.connect(gone, sender=sender, weak=False, dispatch_uid=f"{label}.deleted")

    for one in apps.get_models():
        connect(one)
    class_prepared.connect(connect, weak=False, dispatch_uid=f"{model._meta.label_lower}.derived")


def _stored(instance: Row, using: str) -> Row | None:
    """Read and lock what the database holds of a row; the save would lock it next anyway."""
    if instance.pk is None:
        return None
    rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)
    return rows.select_for_update(no_key=True).first()


def _saved(
    instance: Row, before: Row | None, update_fields: Collection[str] | None, using: str
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
