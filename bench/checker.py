"""Exactly once and in order: what each socket must have been sent."""

from __future__ import annotations

from collections.abc import Sequence


class Receipt:
    """The numbers that one socket received, checked as they come.

    A socket is right when `next` equals the count of messages and nothing was
    `doubled`, `reordered` or left in `missing`.
    """

    __slots__ = ("doubled", "missing", "next", "reordered")

    def __init__(self) -> None:
        self.next = 0
        self.missing: set[int] = set()
        self.doubled = 0
        self.reordered = 0

    def take(self, numbers: Sequence[int]) -> None:
        """Note these arrivals, in this order."""
        for number in numbers:
            if number == self.next:
                self.next += 1
            elif number > self.next:
                self.missing.update(range(self.next, number))
                self.next = number + 1
            elif number in self.missing:
                self.missing.discard(number)
                self.reordered += 1
            else:
                self.doubled += 1

    def lacking(self, count: int) -> int:
        """The number of the `count` messages that have not come."""
        return len(self.missing) + max(0, count - self.next)

    def surplus(self, count: int) -> int:
        """The number of messages with a number that none of the `count` messages has."""
        return max(0, self.next - count)
