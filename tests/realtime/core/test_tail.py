"""A reader that follows a table by its ids sees every committed row, however late it comes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from realtime.core import tail as tail_module
from realtime.core.tail import MOST_MARKS, Mark, Tail


@dataclass
class Table:
    """A table with transactions that take a number, then ids, and commit in any order."""

    numbers: int = 100
    ids: int = 0
    open: dict[int, list[int]] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)

    def begin(self) -> None:
        self.numbers += 1
        self.open[self.numbers] = []

    def insert(self, number: int) -> None:
        self.ids += 1
        self.open[number].append(self.ids)

    def commit(self, number: int) -> None:
        self.rows.update(self.open.pop(number))

    def following(self) -> int:
        self.numbers += 1
        return self.numbers

    @property
    def newest(self) -> int:
        return max(self.rows, default=0)

    @property
    def ended(self) -> int:
        return min(self.open, default=self.numbers + 1)


def happens(table: Table, chance: random.Random) -> None:
    """Let a transaction begin, insert or commit."""
    does = chance.randrange(4)
    if does == 0 or not table.open:
        table.begin()
    elif does < 3:
        table.insert(chance.choice(list(table.open)))
    else:
        table.commit(chance.choice(list(table.open)))


def look(tail: Tail, table: Table, chance: random.Random, seen: set[int]) -> Tail:
    """Look once; others go on between any two statements."""

    def others() -> None:
        for _ in range(chance.randrange(3)):
            happens(table, chance)

    newest = table.newest
    others()
    if tail.is_quiet(newest):
        return tail
    marked = tail.marked(newest, table.following())
    others()
    ended = table.ended
    others()
    seen |= {row for row in table.rows if row > tail.after}
    return marked.read(ended)


@pytest.mark.parametrize("seed", range(300))
def test_no_row_is_left_out(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if seed % 2:
        monkeypatch.setattr(tail_module, "MOST_MARKS", 3)
    chance, table, tail = random.Random(seed), Table(), Tail("here")
    seen: set[int] = set()
    for _ in range(60):
        happens(table, chance)
        if chance.random() < 0.3:
            due = {row for row in table.rows if row not in seen}
            tail = look(tail, table, chance, seen)
            assert due <= seen


def test_what_was_read_is_read_again_only_while_a_transaction_of_then_is_open() -> None:
    tail = Tail("here").marked(7, 20)
    assert (tail.after, tail.is_quiet(7)) == (0, False)
    still_open = tail.read(19)
    assert (still_open.after, still_open.is_quiet(7)) == (0, False)
    read = tail.read(20)
    assert (read.after, read.is_quiet(7)) == (7, True)
    assert not read.is_quiet(8)
    assert read.marked(6, 30).marks == (Mark(7, 20),)


def test_a_transaction_that_stays_open_costs_a_bounded_number_of_marks() -> None:
    tail = Tail("here")
    for look in range(1, 20_000):
        tail = tail.marked(look, look + 1000).read(1000)
        assert len(tail.marks) <= MOST_MARKS
    assert tail.after == 0
    assert tail.read(11_000).after > 9_000  # near what was newest when the open ones began
    assert tail.read(21_000).marks == (Mark(19_999, 20_999),)
