"""The plan of a run, and the seeded bug that it must find."""

from __future__ import annotations

import random
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Generic, TypeVar


@dataclass(frozen=True)
class Plan:
    """What all plans have. `nemeses` are names to choose from; none means all of the store."""

    store: str = "postgres"
    seed: int = 0
    nodes: int = 2
    producers: int = 2
    faults: int = 0
    nemeses: Sequence[str] = ()
    bug: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


PlanT = TypeVar("PlanT", bound=Plan)


@dataclass(frozen=True)
class Bug(Generic[PlanT]):
    """One bug, the run that must find it, and the verdicts of which at least one must name it."""

    name: str
    summary: str
    expected: str  # names of verdicts, separated by blanks
    plan: PlanT


def planned(plan: PlanT, arguments: Namespace) -> PlanT:
    """Return a plan with what the arguments give; the seed is drawn if they give none."""
    given = {each.name: getattr(arguments, each.name, None) for each in fields(plan)}
    given["nemeses"] = names_of(arguments.only)
    if arguments.seed is None:
        given["seed"] = random.SystemRandom().randrange(10**6)
    return replace(plan, **{name: value for name, value in given.items() if value is not None})


def names_of(text: str) -> list[str]:
    """Return the names of a list that is separated by commas."""
    return [name for name in text.split(",") if name]
