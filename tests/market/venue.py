"""The venue of a run, in a process of its own, as a venue is: `python -m tests.market.venue`.

Takes a recording and a port. It is steered by HTTP, as `ReplayServer` says.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hoardrun.market.recording.format import load
from hoardrun.market.recording.server import ReplayServer


async def main(path: str, port: str) -> None:
    async with ReplayServer(load(Path(path)), rebase="now", port=int(port)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
