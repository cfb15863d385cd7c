"""Give an instrument another number of decimals, with all that is stored of its prices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Max, Min, Model, Q, QuerySet

from hoardrun.market import lease
from hoardrun.market.columns import Scaled
from hoardrun.market.errors import InstrumentNotFound, RescaleRefused
from hoardrun.market.models import MAX_DECIMALS, Instrument
from hoardrun.market.scaled import MAX_SCALED


def instrument_rescale(*, symbol: str, decimals: int) -> dict[str, int]:
    """Change an instrument's decimals; return how many rows were written, by table.

    All or nothing: prices stay what they are. Raises InstrumentNotFound, and RescaleRefused for
    prices that would lose digits or be too large. Leaders begin anew, with the new decimals.
    """
    if not 0 <= decimals <= MAX_DECIMALS:
        raise RescaleRefused(f"Prices have 0 to {MAX_DECIMALS} decimals.")
    with transaction.atomic():
        lease.overtake_all()  # first: leaders hold this lock before any other
        locked = Instrument.objects.select_for_update(no_key=True)
        instrument = locked.filter(symbol=symbol.strip().upper()).first()
        if instrument is None:
            raise InstrumentNotFound([symbol])
        power = decimals - instrument.decimals
        written: dict[str, int] = {}
        for model, scaled in _tables():
            rows = _rescale(model, scaled, instrument.pk, power)
            written[model._meta.db_table] = max(rows, written.get(model._meta.db_table, 0))
        Instrument.objects.filter(pk=instrument.pk).update(decimals=decimals)
    return written


def _tables() -> Iterator[tuple[type[Model], Scaled]]:
    for model in apps.get_models():
        for scaled in getattr(model, "SCALED", ()):
            yield model, scaled


def _rescale(model: type[Model], scaled: Scaled, instrument_id: int, power: int) -> int:
    rows: QuerySet[Any] = model._default_manager.filter(scaled.where, instrument_id=instrument_id)
    factor = 10 ** abs(power)
    if power >= 0:
        _check_size(rows, scaled, MAX_SCALED // factor)
        return rows.update(**{name: F(name) * factor for name in scaled.columns})
    _check_digits(rows, scaled, factor)
    return rows.update(**{name: F(name) / factor for name in scaled.columns})


def _check_size(rows: QuerySet[Any], scaled: Scaled, largest: int) -> None:
    ends = [end(name) for name in scaled.columns for end in (Min, Max)]
    found = rows.aggregate(*ends)
    if any(abs(value or 0) > largest for value in found.values()):
        raise RescaleRefused(f"A price in {rows.model._meta.db_table} would be too large.")


def _check_digits(rows: QuerySet[Any], scaled: Scaled, factor: int) -> None:
    rests = {f"rest_of_{name}": F(name) % factor for name in scaled.columns}
    loses = Q()
    for name in rests:
        loses |= ~Q(**{name: 0}) & Q(**{f"{name}__isnull": False})
    count = rows.annotate(**rests).filter(loses).count()
    if count:
        raise RescaleRefused(f"Prices in {count} rows of {rows.model._meta.db_table} have more.")
