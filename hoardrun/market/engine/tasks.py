"""Run several endless tasks together, and end what must be ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*work: Coroutine[Any, Any, object]) -> None:
    """Run tasks until one ends or fails, or this is cancelled; then cancel the others.

    Raises what the first one raised. Returns once all have ended.
    """
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await work that must not be broken off; raise CancelledError afterwards if it was to be."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled
