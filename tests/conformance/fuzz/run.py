"""A whole run: a number of inputs, with an eye on the server's memory and log."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.fuzz.attack import Attack
from tests.nodes import ALICE, USERS, connect
from tests.services import environment
from tests.services.server import Server

AT_ONCE = 16
WARM_UP = 0.1  # of the inputs, before memory is looked at
WARM_AFTER = 400  # at least: until then each loads a page or a view that none has asked for
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
    rss: list[int]  # in MB: at the start, after the warm-up, before and after the bombs
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
    env = {"DEBUG": "1", **LIMITS} | ({"DATABASE_URL": database} if database else {})
    with Server(env=env, prepare=USERS) as server:
        attack = Attack(server, seed)
        began = said = time.monotonic()
        rss = [_rss_mb(server.pid)]
        done, step = 0, AT_ONCE * 10
        while done < inputs:
            await asyncio.gather(
                *(attack.frame() for _ in range(step * 3 // 10)),
                *(attack.talk(5) for _ in range(step * 3 // 50)),
                *(attack.request() for _ in range(step * 3 // 10)),
                *(attack.handshake() for _ in range(step // 10)),
            )
            done += step
            if len(rss) == 1 and done >= max(inputs * WARM_UP, WARM_AFTER):
                rss.append(_rss_mb(server.pid))
            if time.monotonic() - said > 5:
                said = time.monotonic()
                say(f"{done:,} of {inputs:,} inputs, {_rss_mb(server.pid)} MB")
        rss.append(_rss_mb(server.pid))
        await attack.bombs(bombs)
        rss.append(_rss_mb(server.pid))
        client = await connect(server, ALICE)
        await client.send({"type": "ping"})
        await client.receive("pong", timeout=1)
        await client.close()
        wrong = list(attack.wrong)
        log = server.log()
        # Django calls odd requests, such as a host that is not ours, errors of security.
        faults = [line for line in log.splitlines() if " ERROR " in line and "security" not in line]
        wrong += [f"in the log: {line}" for line in faults[:5]]
        if rss[2] - rss[1] > 20:
            wrong.append(f"memory grew from {rss[1]} to {rss[2]} MB")
        if rss[3] - rss[2] > 100:
            wrong.append(f"bombs took it from {rss[2]} to {rss[3]} MB")
        if wrong:
            print(log[-5000:], file=sys.stderr)
        return Report(attack, rss, time.monotonic() - began, wrong)


def _rss_mb(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000
