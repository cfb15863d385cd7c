"""Schedules: what may happen, in which order; made from a seed, played, and made short."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.simulation.world import Setting, World

Action = tuple[float, str, tuple[Any, ...]]  # the seconds before it, its name, its arguments

GAPS = (0.0, 0.0, 0.0, 0.0005, 0.002, 0.005, 0.02, 0.1, 0.6)
TYPES = ("system", "transaction", "security", "balance")
MOST_ACTIONS = 26


@dataclass(frozen=True)
class Schedule:
    """A setting and what happens in it. The same one always ends the same."""

    setting: Setting
    actions: tuple[Action, ...]

    def play(self) -> list[tuple[str, str]]:
        """Return what was wrong: verdicts, and what was seen. To be called in `replaced()`."""
        return World(self.setting).play(self.actions)

    def dump(self) -> str:
        """Write it as text that `load` reads."""
        return json.dumps({"setting": asdict(self.setting), "actions": self.actions})


def load(text: str) -> Schedule:
    found = json.loads(text)
    setting = found["setting"]
    setting["devices"] = _tuples(setting["devices"])
    return Schedule(Setting(**setting), _tuples(found["actions"]))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def make(seed: int) -> Schedule:
    """Make the schedule of a seed: the same one with each version of Python."""
    rng = random.Random(seed)
    quiet = rng.random() < 0.25
    setting = Setting(
        seed=seed,
        quiet=quiet,
        shuffled=rng.random() < 0.25,
        hasty=rng.random() < 0.3,
        page=rng.choice((2, 3, 5, 50)),
        piece=rng.choice((300, 1000, 2000, 32 * 1024)),
        inline=rng.choice((450, 16 * 1024, 16 * 1024)),
        buffer=rng.choice((1200, 4000, 4000, 128 * 1024)),
        devices=tuple(_device(rng) for _ in range(rng.randint(1, 4))),
        most=rng.choice((1, 2, 4, 4)),
        nodes=rng.choice((1, 1, 2)),
        renewed=rng.choice((1, 2, 500)),
        logins=rng.choice((1, 2, 8, 1000)),
        line=rng.choice((0.05, 0.5, 2.0)),
    )
    makers = QUIET if quiet else QUIET + ROUGH
    actions: list[Action] = [
        (rng.choice(GAPS), "connect", (number, rng.random() < 0.1))
        for number in range(len(setting.devices))
    ]
    for _ in range(rng.randint(4, MOST_ACTIONS)):
        name, arguments = rng.choice(makers)(rng)
        if name in TOGETHER and rng.random() < 0.4:
            name, arguments = "together", (name, arguments)
        actions.append((rng.choice(GAPS), name, arguments))
    return Schedule(setting, tuple(actions))


def _device(rng: random.Random) -> tuple[int, str, int, str]:
    types = "" if rng.random() < 0.5 else ",".join(rng.sample(TYPES, rng.randint(1, 2)))
    capacity = rng.choice((0, 500, 2000, 1 << 30, 1 << 30))
    return rng.choice((1, 1, 2)), rng.choice(("since", "since", "device", "new")), capacity, types


Made = tuple[str, tuple[Any, ...]]


def _publish(rng: random.Random) -> Made:
    count = rng.choice((1, 1, 2, 4, 8, 12))
    pad = rng.choice((0, 0, 100, 300))
    kinds = rng.getrandbits(13)
    stream = rng.choice((0, 1, 1, 1, 2))
    return "publish", (stream, count, pad, kinds, rng.choice((0.0, 0.0, 0.001, 0.01)))


def _filter(rng: random.Random) -> Made:
    types = ",".join(rng.sample(TYPES, rng.randint(1, 2)))
    return "filter", (rng.randrange(4), rng.random() < 0.6, types)


# Acts of clients, which may come in the very turn in which the node receives events.
TOGETHER = {"filter", "drop", "leave", "stall", "ack", "ping", "renew", "join", "part"}
# A kind is there as often as it is to be drawn.
QUIET: list[Callable[[random.Random], Made]] = [
    *[_publish] * 9,
    *[_filter] * 4,
    lambda rng: ("connect", (rng.randrange(4), rng.random() < 0.1)),
    lambda rng: ("connect", (rng.randrange(4), False)),
    lambda rng: ("drop", (rng.randrange(4), True)),
    lambda rng: ("drop", (rng.randrange(4), rng.random() < 0.5)),
    lambda rng: ("leave", (rng.randrange(4), rng.random() < 0.5)),
    lambda rng: ("stall", (rng.randrange(4), True)),
    lambda rng: ("stall", (rng.randrange(4), rng.random() < 0.3)),
    lambda rng: ("stall", (rng.randrange(4), False)),
    lambda rng: ("ack", (rng.randrange(4), rng.choice(("newest", "newest", "older", "bogus")))),
    lambda rng: ("ack", (rng.randrange(4), "newest")),
    lambda rng: ("ping", (rng.randrange(4),)),
    lambda rng: ("renew", (rng.randrange(4), rng.random() < 0.8)),
    lambda rng: ("renew", (rng.randrange(4), True, rng.choice((0.0, 0.3, 3600.0)))),
    lambda rng: ("logout", (rng.randrange(4),)),
    lambda rng: ("hop", (rng.randrange(4), rng.choice((0.003, 0.02, 0.1)))),
    lambda rng: ("reinstall", (rng.randrange(4), rng.choice((0.005, 0.03, 0.1, 0.2)))),
    lambda rng: ("vanish", (rng.randrange(4), rng.random() < 0.5)),
    lambda rng: ("join", (rng.randrange(4), rng.choice(("realtime", "realtime", "1s")))),
    lambda rng: ("part", (rng.randrange(4),)),
    lambda rng: ("tick", (rng.choice((1, 3, 20)), rng.choice((1, 3)))),
    lambda rng: ("anew", (rng.choice((0, 0, 1, 3)),)),
    lambda rng: (
        "crowd",
        (rng.choice((2, 10, 30)), rng.choice((0.0, 0.05, 0.5)), rng.random() < 0.5),
    ),
    lambda rng: ("trim", (rng.randrange(3), rng.choice((0, 1, 5)))),
    lambda rng: ("rights", (rng.choice((1, 2)), rng.choice(("bar", "deactivate", "closed", "ok")))),
]
ROUGH: list[Callable[[random.Random], Made]] = [
    lambda rng: ("bump", (rng.randrange(3),)),
    lambda rng: ("restore", (rng.randrange(3), rng.choice((1, 3)))),
    lambda rng: ("turnover", (rng.randrange(3), rng.choice((0.0, 0.001, 0.003, 0.006)))),
    lambda rng: ("acks", (rng.randrange(4), rng.choice((0.01, 0.1, 0.2, 0.3)))),
    lambda rng: ("rights", (rng.choice((1, 2)), rng.choice(("bar", "deactivate")), False)),
    lambda rng: ("failover", (rng.randrange(4), rng.choice((2, 3)))),
    lambda rng: ("layer", (rng.choice((0.0, 0.3, 1.0)), rng.choice((0.0, 0.5)), True, False)),
    lambda rng: ("layer", (0.3, 0.3, rng.random() < 0.5, False)),
    lambda rng: ("layer", (0.0, 0.0, False, rng.random() < 0.5)),
    lambda rng: ("deaf", ()),
    lambda rng: ("database", (rng.choice((0.0, 0.3, 1.0)), False)),
    lambda rng: ("database", (0.2, False)),
    lambda rng: ("database", (0.0, rng.random() < 0.5)),
    lambda rng: ("hang", (rng.random() < 0.6,)),
    lambda rng: ("sleep", (rng.choice((0.05, 1.5, 10.0)),)),
    lambda rng: ("kill", ()),
]


def shorten(schedule: Schedule) -> Schedule:
    """Leave out what is not needed for the same verdict (Zeller's ddmin), and gaps."""
    verdict = schedule.play()[0][0]

    def fails(actions: Sequence[Action]) -> bool:
        found = Schedule(schedule.setting, tuple(actions)).play()
        return bool(found) and found[0][0] == verdict

    actions, parts = list(schedule.actions), 2
    while len(actions) >= 2:
        size = max(1, -(-len(actions) // parts))
        for start in range(0, len(actions), size):
            rest = actions[:start] + actions[start + size :]
            if rest and fails(rest):
                actions, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(actions), parts * 2)
    for number, (gap, name, arguments) in enumerate(actions):
        if gap:
            without = [*actions[:number], (0.0, name, arguments), *actions[number + 1 :]]
            if fails(without):
                actions = without
    return Schedule(schedule.setting, tuple(actions))
