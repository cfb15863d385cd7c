"""The base of rows that each save checks: no row holds what the protocol cannot carry."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any, ClassVar

from django.db import transaction

from notifications import validation
from realtime.changes import Tracked
from realtime.errors import InvalidInput


class Checked(Tracked):
    """Base of rows that each save checks, and again what the database computed."""

    CHECKED: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        fields = None if update_fields is None else list(update_fields)
        computed = self._check(fields)
        with transaction.atomic() if computed else nullcontext():
            super().save(*args, update_fields=fields, **kwargs)
            if computed:
                validation.check(type(self)._base_manager.get(pk=self.pk), computed)

    def _check(self, fields: Iterable[str] | None) -> set[str]:
        """Check what a save of `fields`, or of all that is loaded, writes. Raises InvalidInput.

        A broken value that an old row holds already is accepted, so that its state can be saved.
        Returns the fields that the database computes: the caller checks them after the save.
        """
        loaded = self.CHECKED.intersection(self.__dict__)
        names = loaded if fields is None else loaded.intersection(fields)
        try:
            return validation.check(self, names)
        except InvalidInput:
            old = type(self)._base_manager.filter(pk=self.pk).first()
            if old is None:
                raise
            return validation.check(self, names & old.differs(self))
