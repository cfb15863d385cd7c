"""A whole run: a number of inputs, with an eye on the server's memory and log."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.conformance.fuzz.attack import Attack
from tests.conformance.fuzz.memory import Memory, Watch, rss_mb
from tests.nodes import ALICE, USERS, connect
from tests.services import environment
from tests.services.server import Server

AT_ONCE = 16
# Of the inputs: those before load pages that none has asked for, and begin the threads.
WARM_UP = 0.5
KEPT_FOR_EACH = 30  # blocks, on average: half of them are pages that are asked for late
# Bad tokens and many sockets are what this is about: no limit is to end it early.
LIMITS = {
    **environment.unlimited(),
    "WS_MAX_ANONYMOUS_PER_ADDRESS": "10000",
    "WS_MAX_CONNECTIONS_PER_USER": "1000",
    "LOG_LEVEL": "ERROR",
}


@dataclass
class Report:
    """The result of a run; `wrong` is empty when all is well."""

    attack: Attack
    memory: list[Memory]  # at the start, after the warm-up, before and after the bombs
    seconds: float
    wrong: list[str]


async def run(
    inputs: int,
    seed: int,
    *,
    database: str = "",
    bombs: int = 50,
    say: Callable[[str], object] = lambda text: None,
) -> Report:
    """Throw `inputs` things at a server: broken frames, messages, requests and handshakes.

    `database` is the URL of an empty PostgreSQL database; without one it is SQLite.
    """
    watch = Watch()
    env = {"DEBUG": "1", **LIMITS, **watch.env}
    env |= {"DATABASE_URL": database} if database else {}
    with Server(env=env, prepare=USERS) as server:
        attack = Attack(server, seed)
        began = said = time.monotonic()
        memory = [watch.look(server)]
        done, step = 0, AT_ONCE * 10
        while done < inputs:
            await asyncio.gather(
                *(attack.frame() for _ in range(step * 3 // 10)),
                *(attack.talk(5) for _ in range(step * 3 // 50)),
                *(attack.request() for _ in range(step * 3 // 10)),
                *(attack.handshake() for _ in range(step // 10)),
            )
            done += step
            if len(memory) == 1 and done >= inputs * WARM_UP:
                memory.append(watch.look(server))
            if time.monotonic() - said > 5:
                said = time.monotonic()
                say(f"{done:,} of {inputs:,} inputs, {rss_mb(server.pid)} MB")
        memory.append(watch.look(server))
        await attack.bombs(bombs)
        memory.append(watch.look(server))
        client = await connect(server, ALICE)
        await client.send({"type": "ping"})
        await client.receive("pong", timeout=1)
        await client.close()
        wrong = list(attack.wrong)
        log = server.log()
        # Django calls odd requests, such as a host that is not ours, errors of security.
        faults = [line for line in log.splitlines() if " ERROR " in line and "security" not in line]
        wrong += [f"in the log: {line}" for line in faults[:5]]
        wrong += _grown(memory, inputs)
        if wrong:
            print(log[-5000:], file=sys.stderr)
        return Report(attack, memory, time.monotonic() - began, wrong)


def _grown(memory: list[Memory], inputs: int) -> Iterator[str]:
    _, warm, end, bombed = memory
    if end.rss_mb - warm.rss_mb > 20:
        yield f"memory grew from {warm.rss_mb} to {end.rss_mb} MB"
    inputs -= int(inputs * WARM_UP)
    if end.kept - warm.kept > inputs * KEPT_FOR_EACH:
        yield f"{inputs:,} inputs left {end.kept - warm.kept:,} blocks of memory"
    if bombed.rss_mb - end.rss_mb > 100:
        yield f"bombs took it from {end.rss_mb} to {bombed.rss_mb} MB"
