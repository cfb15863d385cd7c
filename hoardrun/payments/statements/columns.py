"""Where each provider's file has what: `columns.toml`. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

NEEDED = frozenset({"receipt", "at", "status"})


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one provider.

    Money is in two columns, `paid_in` and `withdrawn`, or in `amount` with words of `direction`.
    """

    zone: str
    times: tuple[str, ...]
    currency: str
    completed: tuple[str, ...]  # of `status`; other lines moved nothing
    columns: Mapping[str, tuple[str, ...]]
    incoming: tuple[str, ...] = ()
    outgoing: tuple[str, ...] = ()
    fees: tuple[str, ...] = ()
    reversals: tuple[str, ...] = ()

    def places(self, row: Sequence[str]) -> dict[str, int] | None:
        """Return where a header has each column; None if this row is no header."""
        names = [tidy(cell) for cell in row]
        found = {
            column: names.index(tidy(name))
            for column, known in self.columns.items()
            for name in reversed(known)  # the first name that is there wins
            if tidy(name) in names
        }
        has_money = "amount" in found or {"paid_in", "withdrawn"} <= set(found)
        return found if has_money and set(found) >= NEEDED else None


def tidy(text: str) -> str:
    """Return a cell as it is compared."""
    return " ".join(text.casefold().split())


LAYOUTS = msgspec.convert(
    tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")),
    dict[str, Layout],
)
