"""One run: a user, the device that an event is not to reach, and perhaps one that it reaches."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.trace.device import Device
from tests.trace.world import World

T = TypeVar("T")

TARGET, OTHER = "target", "other"  # names of devices
KIND = "system"  # of all events but those that a filter is to leave out
MOST_BEFORE = 3  # events that were delivered before


@dataclass
class Case:
    """One run of a reason; its seed decides all that the reason leaves open.

    `target` is the device that `event` does not reach, `other` one that it does, if there is one.
    """

    reason: str
    number: int
    user: int
    rng: random.Random
    node: str = ""  # the address of the target's node
    target: Device = field(default_factory=lambda: Device(""))
    other: Device | None = None
    event: tuple[str, int] = ("", 0)
    how: str = ""  # which way the reason was played
    token: str = ""
    is_played: bool = True  # False: something else kept the event from the target

    @property
    def stream(self) -> str:
        return f"user:{self.user}"

    @property
    def devices(self) -> list[Device]:
        return [self.target] if self.other is None else [self.target, self.other]

    @property
    def wants_return(self) -> bool:
        """Say whether the target comes back at the end, to get what it has missed."""
        return self.number % 2 == 0

    def __str__(self) -> str:
        return f"{self.reason} {self.number} ({self.how or 'plain'}) of {self.stream}"


async def each(cases: Iterable[Case], act: Callable[[Case], Coroutine[Any, Any, T]]) -> list[T]:
    """Do something for all cases at a time."""
    return list(await asyncio.gather(*(act(case) for case in cases)))


def make(reason: str, numbers: Sequence[int], users: Sequence[int], seed: int) -> list[Case]:
    """Make runs, each from a seed of its own."""
    found = []
    for number, user in zip(numbers, users, strict=True):
        rng = random.Random(f"{seed}/{reason}/{number}")
        case = Case(reason, number, user, rng, target=Device(rng.choice((TARGET, ""))))
        if rng.random() < 0.5:
            case.other = Device(OTHER)
        found.append(case)
    return found


async def arrive(world: World, cases: Sequence[Case], node: int | None = None) -> None:
    """Connect all devices, and have them receive some events and acknowledge some of them.

    The targets go to a node that the seed chooses, or to the one that is given, and the others
    to the other node then.
    """

    async def connect(case: Case) -> None:
        chosen = case.rng.randrange(len(world.nodes)) if node is None else node
        case.node = world.nodes[chosen].url
        case.token = case.token or await world.token(case.user)
        assert await case.target.open(case.node, case.token), f"{case}: {case.target.code}"
        if case.other is not None:
            beside = world.nodes[chosen if node is None else 1 - node].url
            assert await case.other.open(beside, case.token), f"{case}: {case.other.code}"

    await each(cases, connect)
    events = [
        (case, case.target.types or KIND)
        for case in cases
        for _ in range(case.rng.randint(0, MOST_BEFORE))
    ]
    offsets = await world.publish((case.user, kind) for case, kind in events)
    for (case, _), offset in zip(events, offsets, strict=True):
        for device in case.devices:
            await device.until_received(case.stream, offset)
    for case in cases:
        for device in case.devices:
            if device.name and case.rng.random() < 0.7:
                await device.ack()


async def publish(world: World, cases: Sequence[Case], *, heard: bool = True) -> None:
    """Publish the events that are asked about, among some that follow; wait for the others."""
    events = [case for case in cases for _ in range(1 + case.rng.randint(0, 2))]
    offsets = await world.publish(((case.user, KIND) for case in events), heard=heard)
    for case in cases:
        own = [at for of, at in zip(events, offsets, strict=True) if of is case]
        case.event = case.stream, case.rng.choice(own)
        if case.other is not None and heard:
            await case.other.until_received(case.stream, own[-1])


async def part(world: World, cases: Sequence[Case]) -> None:
    """Have the targets leave, politely or not, and wait until the tables have it, or do not."""
    gone = {case.target.connection_id for case in cases}
    await each(cases, lambda case: case.target.leave(politely=case.rng.random() < 0.5))
    await world.until_departed(gone)
