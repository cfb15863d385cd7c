"""The venue of a run, in a process of its own, as a venue is: `python -m tests.market.venue`.

Takes a recording, a port, and by what its waits are divided, such as those between heartbeats. It
is steered by HTTP, as `ReplayServer` says.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hoardrun.market.recording.format import load
from hoardrun.market.recording.server import ReplayServer


async def main(path: str, port: str, pace: str) -> None:
    recording = load(Path(path))
    async with ReplayServer(recording, rebase="now", port=int(port), pace=float(pace)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
