"""One timing wheel for every deadline, so that an idle socket costs no timer.

After Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), reduced
to a dictionary of slots: setting and taking back are O(1), and a tick looks only
at what is due, and at a few slots from which it drops what was taken back: a login
ends long after its socket has gone, and a client may come and go at any rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

Action = Callable[[], None]
SWEEP_TICKS = 1000  # about, in which each slot is looked at


class Deadline:
    """Something that will be done at a time, unless `cancel` is called before."""

    __slots__ = ("action", "at")

    def __init__(self, at: float, action: Action) -> None:
        self.at = at
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class Wheel:
    """Deadlines in slots of `tick` seconds. Times are monotonic seconds."""

    def __init__(self, tick: float, now: float) -> None:
        self.tick = tick
        self._slots: dict[int, list[Deadline]] = {}
        self._done = int(now / tick)
        self._unswept: Iterator[int] = iter(())

    def __len__(self) -> int:
        """Return how many deadlines are kept, with cancelled ones that are not dropped yet."""
        return sum(map(len, self._slots.values()))

    def at(self, when: float, action: Action) -> Deadline:
        """Call `action` on the first `advance` at or after `when`, at most a tick late."""
        deadline = Deadline(when, action)
        slot = max(int(when / self.tick) + 1, self._done + 1)
        self._slots.setdefault(slot, []).append(deadline)
        return deadline

    def every(self, seconds: float, action: Action, now: float) -> None:
        """Call `action` again and again, each `seconds` from `now` on.

        A call that comes late delays none after it; after a jump of the clock there is one.
        """
        due = now + seconds

        def turn() -> None:
            nonlocal due
            late = self._done * self.tick - due
            due += seconds * max(1, math.ceil(late / seconds))
            self.at(due, turn)
            action()

        self.at(due, turn)

    def advance(self, now: float) -> Iterator[Action]:
        """Return what is due by `now`, in the order of slots; a jump of the clock skips none.

        A deadline that an action cancels meanwhile is left out, though it was due.
        """
        current = int(now / self.tick)
        if current <= self._done:
            return iter(())
        if current - self._done > len(self._slots):
            due = sorted(slot for slot in self._slots if slot <= current)
        else:
            due = [slot for slot in range(self._done + 1, current + 1) if slot in self._slots]
        self._done = current
        deadlines = [deadline for slot in due for deadline in self._slots.pop(slot)]
        self._sweep()
        return (deadline.action for deadline in deadlines if deadline.action is not None)

    def _sweep(self) -> None:
        """Drop what was cancelled in the next few slots: in all at once, it would take long."""
        for _ in range(len(self._slots) // SWEEP_TICKS + 1):
            slot = next(self._unswept, None)
            if slot is None:
                self._unswept = iter(tuple(self._slots))
            elif slot in self._slots:
                left = [one for one in self._slots[slot] if one.action is not None]
                if left:
                    self._slots[slot] = left
                else:
                    del self._slots[slot]
