"""Follow a table that only grows, by its ids, and leave out no row that is committed late.

A transaction takes an id before it commits, so a row may appear below rows that were seen long
ago. PostgreSQL numbers the transaction before that. A mark keeps the highest id of a moment and a
transaction number given after it: once all lower numbers have ended, a row that appears later has a
higher id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MOST_MARKS = 64  # while a transaction stays open, each look that finds rows adds one


class Mark(NamedTuple):
    """The highest id of a moment, and a number that no transaction had been given by then."""

    newest: int
    following: int


@dataclass(frozen=True)
class Tail:
    """The changes that a reader has seen. `place` names the database that the ids belong to.

    The rows behind the first mark may be new to the reader; others, which it has seen, may still
    get company.
    """

    place: str
    marks: tuple[Mark, ...] = (Mark(0, 0),)

    @property
    def after(self) -> int:
        """The id behind which rows may be new."""
        return self.marks[0].newest

    def is_quiet(self, newest: int) -> bool:
        """Say whether there is nothing to read, given the highest id of now."""
        return len(self.marks) == 1 and newest <= self.after

    def marked(self, newest: int, following: int) -> Tail:
        """Return the tail with a mark for the highest id of now; `following` was given later.

        Beyond MOST_MARKS, the one between the nearest two goes. Without it, the tail stays at the
        one before for longer, and rows are read again; only the first must not go.
        """
        if newest <= self.marks[-1].newest:
            return self
        marks = (*self.marks, Mark(newest, following))
        if len(marks) > MOST_MARKS:
            inner = range(1, len(marks) - 1)
            gone = min(inner, key=lambda n: marks[n + 1].newest - marks[n - 1].newest)
            marks = marks[:gone] + marks[gone + 1 :]
        return Tail(self.place, marks)

    def read(self, ended: int) -> Tail:
        """Return the tail once all rows behind `after` are read.

        `ended` was found before: all transactions of lower numbers had ended.
        """
        first = 0
        for number, mark in enumerate(self.marks):
            if mark.following <= ended:
                first = number
        return Tail(self.place, self.marks[first:])
