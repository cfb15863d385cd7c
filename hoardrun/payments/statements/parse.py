"""Read the file of a provider into lines. Pure.

What stands above the table and below it is passed over. A row that cannot be read is a finding, and
the rest is read all the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from hoardrun.payments.statements.columns import LAYOUTS, Layout, tidy
from hoardrun.payments.statements.lines import Line, LineKind

MAX_BYTES = 32 * 1024 * 1024
_MONEY = re.compile(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,15})(\.[0-9]{1,4})?")


class NoStatement(ValueError):
    """A file that is none of this provider."""


class Fault(Struct, frozen=True):
    """A row that says nothing that we understand."""

    row: int
    column: str


class Statement(Struct, frozen=True):
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def read_statement(provider: str, raw: bytes) -> Statement:
    """Read the CSV file of a provider. Raises NoStatement."""
    if len(raw) > MAX_BYTES:
        raise NoStatement("The file is larger than 32 MiB.")
    try:
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise NoStatement("The file is no CSV in UTF-8.") from None
    layout = LAYOUTS[provider]
    for number, row in enumerate(rows, start=1):
        if (places := layout.places(row)) is not None:
            return _read(layout, places, rows[number:], number + 1)
    raise NoStatement(f"No row has the columns of a statement of {provider}.")


def _read(
    layout: Layout, places: Mapping[str, int], rows: Sequence[Sequence[str]], first: int
) -> Statement:
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, row in enumerate(rows, start=first):
        cells = {name: row[at].strip() for name, at in places.items() if at < len(row)}
        if tidy(cells.get("status", "")) not in layout.completed:
            continue
        try:
            lines.extend(_lines(layout, cells, number))
        except _Unreadable as error:
            faults.append(Fault(number, error.column))
    return Statement(tuple(lines), tuple(faults))


def _lines(layout: Layout, cells: Mapping[str, str], row: int) -> Iterator[Line]:
    """Yield the movement of a row, and its fee if that has a column of its own."""
    if not cells.get("receipt"):  # by which it is known in another file
        raise _Unreadable("receipt")
    amount = _amount(layout, cells)
    fee = abs(_money(cells, "fee"))
    balance = _money(cells, "balance") if cells.get("balance") else None
    common: dict[str, Any] = {
        "row": row,
        "receipt": cells["receipt"],
        "at": _time(layout, cells.get("at", "")),
        "currency": layout.currency,
        "details": cells.get("details", ""),
        "party": cells.get("party", ""),
        "linked": cells.get("linked", ""),
        "account": cells.get("account", ""),
    }
    # The balance is that after both.
    yield Line(**common, kind=_kind(layout, cells), amount=amount, balance=None if fee else balance)
    if fee:
        yield Line(**common, kind="fee", amount=-fee, balance=balance)


def _amount(layout: Layout, cells: Mapping[str, str]) -> Decimal:
    if "amount" not in layout.columns:
        return abs(_money(cells, "paid_in")) - abs(_money(cells, "withdrawn"))
    word = tidy(cells.get("direction", ""))
    amount = _money(cells, "amount")
    if _has(word, layout.outgoing):
        return -abs(amount)
    if amount >= 0 and not _has(word, layout.incoming):
        raise _Unreadable("direction")
    return amount


def _kind(layout: Layout, cells: Mapping[str, str]) -> LineKind:
    words = tidy(" ".join(cells.get(name, "") for name in ("reason", "direction")))
    words = words or tidy(cells.get("details", ""))
    if _has(words, layout.reversals):
        return "reversal"
    return "fee" if _has(words, layout.fees) else "payment"


def _has(words: str, phrases: Sequence[str]) -> bool:
    return any(f" {phrase} " in f" {words} " for phrase in phrases)


def _money(cells: Mapping[str, str], column: str) -> Decimal:
    text = cells.get(column, "")
    if text and not _MONEY.fullmatch(text):
        raise _Unreadable(column)
    return Decimal(text.replace(",", "") or 0)


def _time(layout: Layout, text: str) -> datetime:
    for form in layout.times:
        try:
            return datetime.strptime(text, form).replace(tzinfo=ZoneInfo(layout.zone))
        except ValueError:
            continue
    raise _Unreadable("at")


class _Unreadable(Exception):
    def __init__(self, column: str) -> None:
        self.column = column
