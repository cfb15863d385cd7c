"""The eight reasons for which an event does not arrive, each played by what brings it about.

Each plays all its runs together: they share the times that a node takes to notice. At the end
of each, `event` has not reached `target` (or reached it late, where a wake-up was lost), and the
nodes have reported what they know.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial

from realtime.protocol.codes import CloseCode
from tests.services.ports import PATIENCE
from tests.trace.case import KIND, Case, arrive, each, part, publish
from tests.trace.device import PATIENT_SECONDS
from tests.trace.world import World

Play = Callable[[World, Sequence[Case]], AbstractAsyncContextManager[None]]
FROZEN = 1  # the number of the node that freezes
UNWANTED = "security"  # what a filter lets through, in place of what is published
BIG = 8000  # characters of an event, which leaves with its wake-up
BURST = 20
BURST_PAUSE_SECONDS = 0.5


@asynccontextmanager
async def not_connected(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The device had left before, just now or some time ago; or there was none ever.

    Some are asked about before their node has reported that they left.
    """
    for case in cases:
        case.how = case.rng.choice(("left", "just left", "just left, asked at once", "never there"))
    for case in cases:
        if case.how == "never there":
            case.other = None
    there = [case for case in cases if case.how != "never there"]
    await arrive(world, there)
    await part(world, [case for case in there if case.how == "left"])
    just = [case for case in there if case.how.startswith("just left")]
    await each(just, lambda case: case.target.leave(politely=True))
    await publish(world, cases)
    reported = [case for case in there if case.how == "just left"]
    await world.until_departed(case.target.connection_id for case in reported)
    yield


@asynccontextmanager
async def slow_reader(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The device stops to read, and is given up with 4503: what waited for it never arrived."""
    await arrive(world, cases)
    for case in cases:
        case.target.stall()
    open_ones = list(cases)
    async with asyncio.timeout(PATIENT_SECONDS * PATIENCE):
        while open_ones:
            for case in open_ones:
                await world.publish([(case.user, KIND)] * BURST, size=BIG)
            await asyncio.sleep(BURST_PAUSE_SECONDS)
            given = [case.target.connection_id for case in open_ones]
            codes = (await world.ask("departures", connections=given))["codes"]
            for case in open_ones:
                # On a machine that has no time for the node, the kernel may be the first.
                code = codes.get(case.target.connection_id, CloseCode.SLOW_CONSUMER)
                case.is_played = code == CloseCode.SLOW_CONSUMER
            open_ones = [case for case in open_ones if case.target.connection_id not in codes]
    for case in (case for case in cases if case.is_played):
        case.target.go_on()
        await case.target.until_closed()
        found = await world.ask(
            "published_before_close", connection=case.target.connection_id, stream=case.stream
        )
        sent = set(found["offsets"])
        missed = sorted(sent - {offset for _, offset in case.target.received})
        case.event = case.stream, case.rng.choice(missed)
        if case.other is not None:
            await case.other.until_received(case.stream, max(sent))
    yield


@asynccontextmanager
async def filtered(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The device has subscribed to something else, from the start or later."""
    for case in cases:
        case.how = case.rng.choice(("from the start", "later", "and left"))
        if case.how != "later":
            case.target.types = UNWANTED
    await arrive(world, cases)
    for case in cases:
        if case.how == "later":
            await case.target.send(type="subscribe_notifications", types=[UNWANTED], id="f")
    await each(cases, lambda case: case.target.settle())
    await publish(world, cases)
    await each(cases, lambda case: case.target.settle())
    await part(world, [case for case in cases if case.how == "and left"])
    await world.until_reported()
    yield


@asynccontextmanager
async def token_ended(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The login had ended: by its time, by a logout, a new password or a deactivation."""
    for case in cases:
        case.how = case.rng.choice(("expired", "logout", "password", "deactivated"))
        case.other = None  # some of these end all logins of the user
    await arrive(world, cases)
    for case in cases:
        session = f"of-{case.user}"
        seconds = 5.0
        await case.target.leave(politely=True)
        while not await case.target.open(
            case.node,
            await world.token(case.user, seconds if case.how == "expired" else 3600.0, session),
        ):
            seconds *= 2
        if case.how != "expired":
            await world.ask("end_login", user=case.user, how=case.how, session=session)
    await each(cases, lambda case: case.target.until_closed())
    await publish(world, cases)
    await world.until_departed(case.target.connection_id for case in cases)
    yield


@asynccontextmanager
async def epoch(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The stream begins another epoch before the device has got to the event.

    It is away meanwhile, or connected to a node that has not come to the event either.
    """
    stays, of_all = (cases[0].rng.random() < 0.5 for _ in range(2))
    streams = None if of_all else [case.stream for case in cases]
    for case in cases:
        case.how = "of all streams" if of_all else "of the stream"
        if stays:
            case.how += ", while connected"
            case.other = None
    await arrive(world, cases)
    if stays:
        with _standing_still(world):
            await publish(world, cases, heard=False)
            await world.ask("bump", streams=streams)
    else:
        await part(world, cases)
        await publish(world, cases)
        await world.ask("bump", streams=streams)
        await each(cases, _come_back)
    await _until_told(world, cases, "epoch")
    yield


@asynccontextmanager
async def floor(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The device was away until retention had taken the event."""
    await arrive(world, cases)
    await part(world, cases)
    await publish(world, cases)
    await world.ask("trim")
    await each(cases, _come_back)
    await _until_told(world, cases, "trimmed")
    yield


async def _come_back(case: Case) -> None:
    assert await case.target.open(case.node, case.token), f"{case}: {case.target.code}"


async def _until_told(world: World, cases: Sequence[Case], reason: str) -> None:
    """Wait until the targets were told to resynchronise; some then leave again."""
    for case in cases:
        await case.target.until(partial(case.target.resyncs.__contains__, (case.stream, reason)))
    leaving = [case for case in cases if case.rng.random() < 0.5]
    for case in leaving:
        case.how += ", left again"
    await part(world, leaving)
    await world.until_reported()


@contextmanager
def _standing_still(world: World) -> Iterator[None]:
    """Let all nodes do nothing for a moment."""
    for node in world.nodes:
        node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for node in world.nodes:
            node.signal(signal.SIGCONT)


@asynccontextmanager
async def wakeup_lost(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """Nobody tells the nodes of the event, or they are deaf: a look at the log finds it."""
    await arrive(world, cases)
    is_deaf = cases[0].rng.random() < 0.5
    for case in cases:
        case.how = "deaf nodes" if is_deaf else "no wake-up"
    if is_deaf:
        for node in world.nodes:
            node.proxies["redis"].deafen()
    await publish(world, cases, heard=False)
    for case in cases:
        for device in case.devices:
            await device.until_received(*case.event)
    if is_deaf:
        for node in world.nodes:
            node.proxies["redis"].heal()
    await world.until_found_late({case.stream for case in cases})
    await world.until_reported()
    yield


@asynccontextmanager
async def node_frozen(world: World, cases: Sequence[Case]) -> AsyncIterator[None]:
    """The node of the device stands still with the connection open, or has died with it.

    It serves again at the end.
    """
    node = world.nodes[FROZEN]
    is_killed = cases[0].rng.random() < 0.5
    for case in cases:
        case.how = "killed" if is_killed else "frozen"
    await arrive(world, cases, FROZEN)
    await world.until_reported()
    silent = await world.silent()
    if is_killed:
        node.kill()
        await each(cases, lambda case: case.target.until_closed())
    else:
        node.signal(signal.SIGSTOP)
    try:
        await publish(world, cases)
        await world.until_silent(silent + 1)
        yield
    finally:
        if is_killed:
            await asyncio.to_thread(node.start)
        else:
            node.signal(signal.SIGCONT)
    if not is_killed:
        await world.until_silent(silent)


REASONS: dict[str, Play] = {
    play.__name__: play
    for play in (
        not_connected, slow_reader, filtered, token_ended, epoch, floor, wakeup_lost, node_frozen,
    )
}  # fmt: skip
# Of these the target gets the event at last, once it comes back or its node goes on.
COMES_AT_LAST = {"not_connected", "slow_reader", "node_frozen"}
