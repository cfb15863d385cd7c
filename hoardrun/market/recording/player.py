"""Go through a recording in its time, or as fast as all clients read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from hoardrun.market.recording.clock import Clock
from hoardrun.market.recording.tape import Break, News, Tape

SETTLE_SECONDS = 1.0  # adapters subscribe in several requests


class Player:
    """Begins when it is told to, and calls for each thing that happens in the recording.

    A fast one goes on only while somebody is subscribed, once no further request has come for a
    while.
    """

    def __init__(
        self,
        tape: Tape,
        clock: Clock,
        *,
        is_fast: bool,
        rebase: Literal["now"] | int | None,
        pace: float,
    ) -> None:
        self._tape = tape
        self._clock = clock
        self._is_fast = is_fast
        self._rebase = rebase
        self._settle_seconds = SETTLE_SECONDS / pace
        self._begun = asyncio.Event()
        self._heard = asyncio.Event()
        self._settling: asyncio.TimerHandle | None = None
        self.ended = asyncio.Event()

    def rebase(self) -> None:
        """Let the venue's time be what was asked for; before the beginning."""
        if self._rebase is not None:
            is_now = self._rebase == "now"
            self._clock.rebase(time.time_ns() // 1000 if is_now else int(self._rebase))

    def begin(self) -> None:
        """Begin, if that has not been."""
        if not self._begun.is_set():
            if not self._is_fast:
                self.rebase()
            self._clock.start()
            self._begun.set()

    def contact(self) -> None:
        """Begin with the first request or handshake. A fast one begins with a subscription."""
        if not self._is_fast:
            self.begin()

    def subscribed(self) -> None:
        """Note that somebody is subscribed."""
        self.begin()
        if self._settling is not None:
            self._settling.cancel()
        loop = asyncio.get_running_loop()
        self._settling = loop.call_later(self._settle_seconds, self._heard.set)

    def unheard(self) -> None:
        """Note that nobody is subscribed any more."""
        self._heard.clear()
        if self._settling is not None:
            self._settling.cancel()

    async def run(
        self,
        play: Callable[[News], None],
        stop: Callable[[Break], Awaitable[None]],
        room: Callable[[], Awaitable[None]],
    ) -> None:
        """Play all that comes after the beginning. A fast one waits for `room` before each."""
        await self._begun.wait()
        first = self._clock.position
        for number, each in enumerate(self._tape.course):
            if each.t < first:
                continue
            await self._wait_for(each.t, number, room)
            match each:
                case News():
                    play(each)
                case Break():
                    self.unheard()
                    await stop(each)
        await self._wait_for(self._tape.length, 0, room)
        self.ended.set()

    async def _wait_for(
        self, position: int, number: int, room: Callable[[], Awaitable[None]]
    ) -> None:
        if (seconds := self._clock.seconds_until(position)) > 0:
            await asyncio.sleep(seconds)
        elif number % 100 == 0:
            await asyncio.sleep(0)  # so that others have their turn
        if self._is_fast:
            await self._heard.wait()
            await room()
        self._clock.reach(position)
