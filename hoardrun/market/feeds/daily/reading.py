"""Read the files of banks and exchanges into prices of days. Pure.

What stands above the table is passed over, and rows of what nobody asks for. A row that is asked
for and cannot be read refuses the file: prices are never imported in part.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from hoardrun.market.feeds.daily.layouts import LAYOUTS, Layout, currency_of, tidy

MAX_BYTES = 32 * 2**20
_NUMBER = re.compile(r"([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,15})(\.[0-9]{1,12})?")
_NOTHING = ("", "-", "n/a", "na", "nil")
_SHOWN = 5  # faults


class NoRates(ValueError):
    """A file that is none of this source, or that cannot be believed."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What one unit of `base` is worth in `currency`; for a share, `base` is its symbol."""

    base: str
    currency: str


@dataclass(frozen=True, slots=True)
class Daily:
    """The prices of one day. `row` is the line of the file."""

    row: int
    pair: Pair
    day: date
    close: Decimal
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    before: Decimal | None = None  # the close of the day before
    volume: Decimal | None = None


def read_daily(
    source: str, raw: bytes, wanted: Collection[Pair], *, day: date | None = None
) -> list[Daily]:
    """Read a source's CSV file, or a ZIP of one, into what is wanted of it, by day.

    `day` is that of all rows of a file without dates. Of a table, also what follows from two of its
    columns is found. Raises NoRates, which names the first lines that are wrong.
    """
    layout = LAYOUTS[source]
    rows = _rows(raw)
    number, places = _header(source, layout, rows)
    if "day" not in places and day is None:
        raise NoRates("The file has no column of dates: say of which day it is.")
    read = _table if layout.kind == "table" else _list
    faults: list[str] = []
    found: dict[tuple[Pair, date], Daily] = {}
    for at, cells in enumerate(rows[number:], start=number + 1):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            for each in read(layout, _Row(at, cells, places, rows[number - 1], day), wanted):
                _add(found, each)
        except ValueError as error:
            faults.append(f"line {at}: {error}")
    if faults:
        more = f", and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise NoRates(f"{'; '.join(faults[:_SHOWN])}{more}")
    return sorted(found.values(), key=lambda each: (each.day, each.row))


@dataclass(frozen=True, slots=True)
class _Row:
    """A row below the header."""

    number: int
    cells: Sequence[str]
    places: Mapping[str, int]
    header: Sequence[str]
    day: date | None

    def text(self, column: str) -> str:
        at = self.places.get(column)
        return self.cells[at].strip() if at is not None and at < len(self.cells) else ""

    def number_of(self, column: str) -> Decimal | None:
        return _number(column, self.text(column))

    def date(self, layout: Layout) -> date:
        text = self.text("day")
        if "day" not in self.places and self.day is not None:
            return self.day
        for form in layout.dates:
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
        raise ValueError(f"{text[:40]!r} is no date")


def _header(
    source: str, layout: Layout, rows: Sequence[Sequence[str]]
) -> tuple[int, Mapping[str, int]]:
    """Return the line of the header, and where it has each column."""
    for number, row in enumerate(rows, start=1):
        if (places := layout.places(row)) is not None:
            return number, places
    needed = ", ".join(_named(layout))
    raise NoRates(f"No row has the columns of {source}, with commas between: it needs {needed}.")


def _table(layout: Layout, row: _Row, wanted: Collection[Pair]) -> Iterator[Daily]:
    """Read what one unit of the table's currency was worth in the others on one day."""
    day = row.date(layout)
    worth: dict[str, Decimal] = {layout.currency: Decimal(1)}
    needed = {code for pair in wanted for code in (pair.base, pair.currency)}
    for name, cell in zip(row.header, row.cells, strict=False):
        code = name.strip().upper()
        if code in needed and (value := _number(code, cell.strip())) is not None:
            worth[code] = value
    for pair in wanted:
        if pair.base in worth and pair.currency in worth:
            yield Daily(row.number, pair, day, worth[pair.currency] / worth[pair.base])


def _list(layout: Layout, row: _Row, wanted: Collection[Pair]) -> Iterator[Daily]:
    """Read the rate of a currency, or the prices of a share."""
    name = row.text("name")
    base = name.upper() if layout.kind == "prices" else currency_of(name)
    pair = Pair(base, layout.currency)
    if pair not in wanted:
        return
    day = row.date(layout)
    if layout.kind == "rates":
        yield Daily(row.number, pair, day, _rate(row))
        return
    close = row.number_of("close")
    if close is None:
        raise ValueError("it has no price")
    daily = Daily(
        row.number,
        pair,
        day,
        close,
        row.number_of("open"),
        row.number_of("high"),
        row.number_of("low"),
        row.number_of("before"),
        _number("volume", row.text("volume"), may_be_zero=True),
    )
    if daily.high is not None and daily.low is not None and daily.high < daily.low:
        raise ValueError("its high is below its low")
    yield daily


def _rate(row: _Row) -> Decimal:
    """Return the mean of a rate, for one unit."""
    mean = row.number_of("mean")
    if mean is None:
        buy, sell = row.number_of("buy"), row.number_of("sell")
        if buy is None or sell is None:
            raise ValueError("it has no rate")
        mean = (buy + sell) / 2
    return mean / (row.number_of("unit") or 1)


def _number(column: str, text: str, *, may_be_zero: bool = False) -> Decimal | None:
    """Read a number such as 1,234.50; None for a cell that says that there is none."""
    if tidy(text) in _NOTHING:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no number of {column}")
    value = Decimal(text.replace(",", ""))
    if not value and not may_be_zero:
        raise ValueError(f"its {column} is zero")
    return value


def _add(found: dict[tuple[Pair, date], Daily], each: Daily) -> None:
    key = each.pair, each.day
    other = found.get(key)
    if other is not None and replace(other, row=each.row) != each:
        raise ValueError(f"{each.pair.base} of {each.day} stands in line {other.row} otherwise")
    found[key] = each


def _rows(raw: bytes) -> list[list[str]]:
    if len(raw) > MAX_BYTES:
        raise NoRates("The file is larger than 32 MiB.")
    if raw.startswith(b"PK\x03\x04"):
        raw = _unzipped(raw)
    try:
        return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise NoRates("The file is no CSV in UTF-8.") from None


def _unzipped(raw: bytes) -> bytes:
    """Return the one file of a ZIP, no larger than what may be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            (name,) = archive.namelist()
            with archive.open(name) as file:
                content = file.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise NoRates("The ZIP does not hold one file that can be read.") from None
    if len(content) > MAX_BYTES:
        raise NoRates("The file in the ZIP is larger than 32 MiB.")
    return content


def _named(layout: Layout) -> list[str]:
    """Return a name of each column that a header must have."""
    names = [layout.columns[column][0] for column in sorted(layout.needed)]
    return [*names, "Mean"] if layout.kind == "rates" else names
