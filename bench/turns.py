"""Compare the costs of two things in turns, so that other work falls on both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from bench.contender import Bench, Running
from bench.results import Sample, each

KeyT = TypeVar("KeyT")
TURNS = 20


def in_turns(
    bench: Bench,
    number: int,
    running: Running,
    case: str,
    contenders: Mapping[KeyT, str],
    verb: str,
    options: Callable[[KeyT, int], Mapping[str, Any]],
) -> Iterator[Sample]:
    """Have the process of `running` do some of each in a turn, and yield what one of them cost.

    `options` are those of a turn, in which the process does so many. They are not measured.
    """
    count = 20 if bench.quick else 100
    cpu, postgres, wall = (dict.fromkeys(contenders, 0.0) for _ in range(3))
    for turn in range(-1, TURNS):  # the first one gets connections and code warm
        for key in contenders:
            given = options(key, count)
            before = running.postgres_cpu()
            took = running.ask(verb, **given)
            if turn >= 0:
                cpu[key] += took["cpu"]
                postgres[key] += running.postgres_cpu() - before
                wall[key] += took.get("wall", 0.0)
    for key, name in contenders.items():
        figures = each(cpu[key], postgres[key], wall[key], TURNS * count)
        yield Sample(case, name, number, figures)
