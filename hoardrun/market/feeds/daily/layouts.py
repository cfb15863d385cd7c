"""What banks and exchanges publish once a day, and where their files have what. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

Kind = Literal["table", "rates", "prices"]


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one source; `layouts.toml` says what the fields mean."""

    title: str
    licence: str
    kind: Kind
    currency: str
    zone: str
    at: str
    jump_percent: int
    dates: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    venue: str = ""

    @property
    def needed(self) -> frozenset[str]:
        """Return the columns without which a row is no header; `day` may be given apart."""
        if self.kind == "table":
            return frozenset({"day"})
        return frozenset({"name", "close"} if self.kind == "prices" else {"name"})

    def places(self, row: Sequence[str]) -> dict[str, int] | None:
        """Return where a header has each column; None if this row is no header."""
        names = [tidy(cell) for cell in row]
        found = {
            column: names.index(tidy(name))
            for column, known in self.columns.items()
            for name in reversed(known)  # the first name that is there wins
            if tidy(name) in names
        }
        has_rate = "mean" in found or {"buy", "sell"} <= set(found)
        is_header = self.needed <= set(found) and (self.kind != "rates" or has_rate)
        return found if is_header else None

    def moment(self, day: date) -> datetime:
        """Return when the numbers of a day are of."""
        return datetime.combine(day, time.fromisoformat(self.at), ZoneInfo(self.zone))


def tidy(text: str) -> str:
    """Return a cell as it is compared."""
    return " ".join(text.casefold().split())


def currency_of(name: str) -> str:
    """Return the code of a currency by its code or its name in a file; empty if it is not known."""
    code = name.strip().upper()
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    return NAMES.get(tidy(name), "")


_FILE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NAMES = msgspec.convert(_FILE.pop("names"), dict[str, str])
LAYOUTS = msgspec.convert(_FILE, dict[str, Layout])
