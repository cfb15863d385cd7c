"""Rows whose changes are told: they remember what the database holds.

`post_save` says that a row was saved, not what that changed. A model that publishes its
changes derives from `Told`, names in `TOLD` what it tells, and asks `changes` in its receiver.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

from django.db import models, transaction


class Told(models.Model):
    """Base of rows that publish what a save changed; the save and its events commit together."""

    # The attributes whose changes are told, such as `user_id`.
    TOLD: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Django sends post_save after an autocommit: too late for an event that must not be lost.
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        **kwargs: Any,
    ) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        instance.remember()
        return instance

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        fields = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self.remember(fields)

    def remember(self, fields: Iterable[str] | None = None) -> None:
        """Take these of TOLD, or all, as what the database holds."""
        stored = self.__dict__.setdefault("_stored", {})
        for name in self._told(fields):
            if name in self.__dict__:  # a deferred value must not be loaded by looking at it
                value = self.__dict__[name]
                stored[name] = copy.deepcopy(value) if isinstance(value, dict | list) else value

    def stored(self, name: str, default: Any = None) -> Any:
        """Return what the database held before the save, or the default if that was not read."""
        return self.__dict__.get("_stored", {}).get(name, default)

    def changes(self, fields: Iterable[str] | None = None) -> set[str]:
        """Name those of TOLD that a save of `fields`, or of all, changes; all of a new row."""
        stored = self.__dict__.get("_stored", {})
        return {
            name
            for name in self._told(fields)
            if name in self.__dict__ and (name not in stored or stored[name] != self.__dict__[name])
        }

    def as_stored(
        self, fields: Iterable[str] | None = None, tells: Iterable[str] | None = None
    ) -> Self:
        """Return the row as a save of `fields` left it; the event `tells` these of TOLD, or all.

        What was not saved may not be what the database holds, and what it computed is not here:
        then the row is read anew.
        """
        told = set(self.TOLD if tells is None else tells)
        computed = any(hasattr(self.__dict__.get(name), "resolve_expression") for name in told)
        if computed or (fields is not None and not told <= set(self._told(fields))):
            return type(self)._base_manager.get(pk=self.pk)
        return self

    def _told(self, fields: Iterable[str] | None) -> Iterable[str]:
        """Choose from TOLD; a foreign key goes by `user` and by `user_id`."""
        if fields is None:
            return self.TOLD
        names = set(fields)
        return [name for name in self.TOLD if names & {name, name.removesuffix("_id")}]
