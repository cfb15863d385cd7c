"""Sorted arrays of the thresholds that alerts wait for, searched by bisection. Pure.

An armed alert waits on the other side of its threshold: one that waits above was armed while the
number was lower. So all that a new number has reached is a slice from one end of an array, however
many numbers were missed in between, and a number that reaches nothing costs two comparisons.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

_NOTHING: tuple[int, ...] = ()


class Side:
    """Thresholds in ascending order, each with the id that waits for it: 16 bytes an entry.

    Equal thresholds stay in the order in which they came. Insertion moves the memory behind it: a
    few microseconds among 100,000 entries.
    """

    __slots__ = ("ids", "thresholds")

    def __init__(self) -> None:
        self.thresholds = array("q")
        self.ids = array("q")

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, threshold: int, alert_id: int) -> None:
        """Take in an entry; one that is here already stays alone."""
        end = bisect_right(self.thresholds, threshold)
        start = bisect_left(self.thresholds, threshold, hi=end)
        if alert_id in self.ids[start:end]:
            return
        self.thresholds.insert(end, threshold)
        self.ids.insert(end, alert_id)

    def fill(self, thresholds: array[int], ids: array[int]) -> None:
        """Take in entries in any order at once."""
        order = sorted(range(len(ids)), key=thresholds.__getitem__)
        self.thresholds = array("q", (thresholds[place] for place in order))
        self.ids = array("q", (ids[place] for place in order))

    def below(self, value: int) -> Iterable[int]:
        """Return the ids whose threshold is `value` or lower; they stay."""
        return self.ids[: bisect_right(self.thresholds, value)]

    def above(self, value: int) -> Iterable[int]:
        """Return the ids whose threshold is `value` or higher; they stay."""
        return self.ids[bisect_left(self.thresholds, value) :]

    def up_to(self, value: int) -> Iterable[int]:
        """Take out and return the ids whose threshold is `value` or lower."""
        thresholds = self.thresholds
        if not thresholds or thresholds[0] > value:
            return _NOTHING
        end = bisect_right(thresholds, value)
        taken = self.ids[:end]
        del thresholds[:end], self.ids[:end]
        return taken

    def down_to(self, value: int) -> Iterable[int]:
        """Take out and return the ids whose threshold is `value` or higher."""
        thresholds = self.thresholds
        if not thresholds or thresholds[-1] < value:
            return _NOTHING
        start = bisect_left(thresholds, value)
        taken = self.ids[start:]
        del thresholds[start:], self.ids[start:]
        return taken


class Ladder:
    """The entries of one series of numbers.

    `rising` and `falling` are armed alerts. `fallen` and `risen` are repeated ones that have fired
    and wait for the way back: those of `fallen` have fired above, and wait for a low number.
    """

    __slots__ = ("fallen", "falling", "risen", "rising")

    def __init__(self) -> None:
        self.rising, self.falling = Side(), Side()
        self.fallen, self.risen = Side(), Side()

    def __len__(self) -> int:
        return len(self.rising) + len(self.falling) + len(self.fallen) + len(self.risen)

    def armed(self, is_above: bool) -> Side:
        """Return the armed alerts of a direction."""
        return self.rising if is_above else self.falling

    def waiting(self, is_above: bool) -> Side:
        """Return the alerts of a direction that wait for the way back."""
        return self.fallen if is_above else self.risen
