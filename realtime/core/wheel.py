"""One timing wheel for every deadline, so that an idle socket costs no timer.

After Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), reduced
to a dictionary of slots: setting and taking back are O(1), and a tick looks only
at what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

Action = Callable[[], None]


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

    def at(self, when: float, action: Action) -> Deadline:
        """Call `action` on the first `advance` at or after `when`, at most a tick late."""
        deadline = Deadline(when, action)
        slot = max(int(when / self.tick) + 1, self._done + 1)
        self._slots.setdefault(slot, []).append(deadline)
        return deadline

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
        return (deadline.action for deadline in deadlines if deadline.action is not None)
