"""Whether a statement is whole: each balance must follow from the one before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from hoardrun.payments.statements.lines import Line


class Gap(Struct, frozen=True):
    """A place where lines are missing, and how much they add up to."""

    row: int
    missing: Decimal


def gaps(lines: Sequence[Line]) -> tuple[Gap, ...]:
    """Return where lines are missing. Some files have the newest line first."""
    oldest_first = _gaps(lines)
    newest_first = _gaps(_turned(lines))
    return min(oldest_first, newest_first, key=len)


def _gaps(lines: Sequence[Line]) -> tuple[Gap, ...]:
    found = []
    before: Decimal | None = None
    moved = Decimal(0)
    for line in lines:
        moved += line.amount
        if line.balance is None:
            continue
        if before is not None and before + moved != line.balance:
            found.append(Gap(line.row, line.balance - before - moved))
        before, moved = line.balance, Decimal(0)
    return tuple(found)


def _turned(lines: Sequence[Line]) -> list[Line]:
    """Turn the order of the rows, and keep the lines of one row as they are."""
    return sorted(lines, key=lambda line: -line.row)
