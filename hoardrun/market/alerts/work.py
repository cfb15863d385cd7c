"""What the engine has decided and is to store: in order for each instrument, fair to all. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hoardrun.market.alerts.board import Arms, Effect, Fires

PAGE = 50  # alerts that are stored before another instrument has its turn


@dataclass(frozen=True, slots=True)
class Task:
    """One effect on the alerts of an instrument, and the source of the price."""

    instrument_id: int
    effect: Effect
    source: str


class Work:
    """Tasks by instrument. A storm of one instrument does not hold up the others."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, deque[Task]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def instruments(self) -> Iterable[int]:
        """Return the instruments that something is to be stored of."""
        return self._waiting.keys()

    def add(self, instrument_id: int, effects: Sequence[Effect], source: str) -> None:
        """Take in effects. Those of many alerts are split into pages, oldest first."""
        tasks = self._waiting.setdefault(instrument_id, deque())
        for effect in effects:
            pages = _pages(effect)
            tasks.extend(Task(instrument_id, page, source) for page in pages)
            self._count += len(pages)

    def next(self) -> Task | None:
        """Return what is to be stored next; it stays until it is `done`."""
        if not self._waiting:
            return None
        return next(iter(self._waiting.values()))[0]

    def done(self, task: Task) -> None:
        """Take a task out that `next` returned, and let another instrument have its turn."""
        self._waiting[task.instrument_id].popleft()
        self._count -= 1
        self._turn(task)

    def failed(self, task: Task) -> None:
        """Let another instrument have its turn; of many alerts, try each alone after that."""
        tasks = self._waiting[task.instrument_id]
        if len(task.effect.ids) > 1:
            alone = [replace(task, effect=each) for each in _alone(task.effect)]
            tasks.popleft()
            tasks.extendleft(reversed(alone))
            self._count += len(alone) - 1
        elif isinstance(task.effect, Fires):  # until it is stored, nothing follows for its alert
            tasks.rotate(-1)
        self._turn(task)

    def _turn(self, task: Task) -> None:
        tasks = self._waiting[task.instrument_id]
        if tasks:
            self._waiting.move_to_end(task.instrument_id)
        else:
            del self._waiting[task.instrument_id]


def _alone(effect: Effect) -> Sequence[Effect]:
    if isinstance(effect, Arms):
        pairs = zip(effect.ids, effect.versions, strict=True)
        return [replace(effect, ids=[each], versions=[version]) for each, version in pairs]
    return [replace(effect, ids=[each]) for each in effect.ids]


def _pages(effect: Effect) -> Sequence[Effect]:
    if not isinstance(effect, Fires):
        return (effect,)
    ids = effect.ids
    return [replace(effect, ids=ids[at : at + PAGE]) for at in range(0, len(ids), PAGE)]
