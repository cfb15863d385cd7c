"""The groups of one Redis that a node is in, and how they become those that it wants to be in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from realtime.core.pace import Pace

CALL_SECONDS = 1.0  # for one call of the layer, and for a login to wait for its groups
SECONDS_A_GROUP = 0.0005  # more, for a call about many
MAX_WAIT_SECONDS = 0.1  # to gather groups in a storm of logins

# Joins some groups and leaves others; raises if that may not have happened.
Change = Callable[[Sequence[str], Sequence[str]], Coroutine[Any, Any, None]]


class JoinedGroups:
    """Joins and leaves in batches: what is asked for during a call is in the next one.

    A call that fails is repeated until it works; then `on_late()` says that what came meanwhile may
    be missed.
    """

    def __init__(
        self,
        change: Change,
        on_late: Callable[[], None],
        on_failure: Callable[[Exception], None],
        on_success: Callable[[], None],
    ) -> None:
        self.away = True  # until the first are joined
        self._change = change
        self._on_late = on_late
        self._on_failure = on_failure
        self._on_success = on_success
        self._joined: dict[str, bool] = {}  # False: it may be, as the call failed
        self._wanted: dict[str, Callable[[], bool]] = {}
        self._unsettled: dict[str, Callable[[], bool]] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._settling: asyncio.Task[None] | None = None
        self._pace = Pace(MAX_WAIT_SECONDS)

    def __contains__(self, group: str) -> bool:
        return self._joined.get(group, False)

    @property
    def is_settled(self) -> bool:
        return not self._unsettled

    def want(self, group: str, wanted: Callable[[], bool]) -> None:
        """Stay in a group while `wanted()` is true; `settle` begins what that takes."""
        self._wanted[group] = self._unsettled[group] = wanted

    def settle(self) -> None:
        """Begin to join and leave, unless that is under way."""
        if self._unsettled and (self._settling is None or self._settling.done()):
            self._settling = asyncio.ensure_future(self._settle())

    async def settled(self) -> None:
        """Wait until what is wanted now is joined; at most CALL_SECONDS."""
        if not self._unsettled or self.away:
            return
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._waiting.append(done)
        late = loop.call_later(CALL_SECONDS, self._let_go, [done])
        try:
            await done
        finally:
            late.cancel()

    def restart(self) -> asyncio.Task[None] | None:
        """Join everything again, as a new connection is in no group; return as `stop` does."""
        ending = self.stop()
        self.away = True
        for group in sorted(self._wanted):  # sorted, so that simulations repeat
            self._unsettled[group] = self._wanted[group]
        self._joined = {}
        return ending

    def stop(self) -> asyncio.Task[None] | None:
        """End what is under way; return it, as it may take a while to end."""
        ending, self._settling = self._settling, None
        if ending is not None:
            ending.cancel()
        self._let_go(self._waiting)
        return ending

    async def _settle(self) -> None:
        late = self.away
        while self._unsettled:
            await asyncio.sleep(self._pace.wait(time.monotonic()))
            waiting, self._waiting = self._waiting, []
            join, leave = self._differences()
            if join or leave:
                self._pace.began(time.monotonic(), len(join) + len(leave))
                try:
                    await self._call(join, leave)
                except Exception as error:
                    stop_if_cancelled()
                    self._on_failure(error)
                    self.away = late = True
                    self._let_go(waiting)
                    await asyncio.sleep(CALL_SECONDS / 2)
                    continue
                self._joined.update(dict.fromkeys(join, True))
                for group in leave:
                    self._joined.pop(group, None)
                self._differences()  # forgets what is settled now
            self._let_go(waiting)
        self._let_go(self._waiting)
        self.away = False
        self._on_success()
        if late:
            self._on_late()

    def _differences(self) -> tuple[list[str], list[str]]:
        """Return the groups to join and to leave; forget the unsettled ones that need nothing."""
        join, leave = [], []
        for group, wanted in list(self._unsettled.items()):
            is_wanted = wanted()
            if is_wanted and not self._joined.get(group):
                join.append(group)
            elif not is_wanted and group in self._joined:
                leave.append(group)
            else:
                del self._unsettled[group]
                if not is_wanted:
                    self._wanted.pop(group, None)
        return join, leave

    async def _call(self, join: Sequence[str], leave: Sequence[str]) -> None:
        self._joined.update(dict.fromkeys((*join, *leave), False))
        seconds = CALL_SECONDS + SECONDS_A_GROUP * (len(join) + len(leave))
        async with asyncio.timeout(seconds):
            await self._change(join, leave)
            stop_if_cancelled()

    def _let_go(self, waiting: list[asyncio.Future[None]]) -> None:
        for done in waiting:
            if not done.done():
                done.set_result(None)
        waiting.clear()


def stop_if_cancelled() -> None:
    """Raise a cancellation that the Redis client has swallowed, as it sometimes does."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
