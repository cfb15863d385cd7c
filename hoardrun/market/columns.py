"""Which columns hold prices as whole steps, for `manage.py market_rescale`."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q


class Scaled(NamedTuple):
    """Columns of a table that are whole steps of its instrument, in rows for which `where` holds.

    A model has a tuple of them as `SCALED`.
    """

    columns: tuple[str, ...]
    where: Q = Q()
