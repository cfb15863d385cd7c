"""Handshakes at the door: of devices, and of a crowd that only wants to be logged in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.world import World

PATIENCE_SECONDS = 5.0  # of a client that waits at the door


class Arrival:
    """One handshake, as `realtime.servers.http` lets it wait: judged when it has its turn.

    `serve()` is its login. It begins none if the client `has_left` by then. `refused()` is called
    if it is turned away. `cut()` is called if it gets no answer for PATIENCE_SECONDS.
    """

    def __init__(
        self,
        world: World,
        serve: Callable[[], Coroutine[Any, Any, None]],
        has_left: Callable[[], bool],
        refused: Callable[[], None],
        cut: Callable[[], None],
    ) -> None:
        self.serving: asyncio.Task[None] | None = None
        self._world = world
        self._serve = serve
        self._has_left = has_left
        self._refused = refused
        self._cut = cut
        self._is_waiting = False
        self._came = world.loop.time()
        self._door, self._line = world.door, world.line

    def come(self) -> None:
        """Come to the door."""
        if not self._door.has_room():
            self._refused()
            return
        self._is_waiting = True
        self._line.append(self)
        self._world.loop.outside(PATIENCE_SECONDS, self._give_up)
        self._door.wait(self)

    def _give_up(self) -> None:
        if self._is_waiting and not self._has_left():
            self._cut()

    def enter(self) -> None:
        """Take the turn: log in, unless the client has left."""
        if self._is_over:
            return
        self._is_waiting = False
        self._judge()
        if self._has_left():
            self._door.done()
        else:
            self.serving = self._world.loop.create_task(self._logged_in())

    def turn_away(self) -> None:
        """Go, after waiting for too long."""
        if self._is_over:
            return
        self._is_waiting = False
        self._line.remove(self)
        if not self._has_left():
            self._refused()

    @property
    def _is_over(self) -> bool:
        """True if the process in whose queue it waits has died."""
        return self._door is not self._world.door

    async def _logged_in(self) -> None:
        try:
            await self._serve()
        finally:
            self._door.done()

    def _judge(self) -> None:
        world, line = self._world, self._line
        waited = world.loop.time() - self._came
        if self not in line:
            world.fail("door", "a turn for one who is not in the line")
            return
        if line[0] is not self:
            world.fail("door", f"{line.index(self)} have waited longer, and had no turn")
        line.remove(self)
        if line and waited > world.options.login_wait_seconds:
            world.fail("door", f"a turn after {waited:.2f} s, and others wait")
        if self._door.under_way > world.options.max_logins_under_way:
            world.fail("door", f"{self._door.under_way} logins are under way")


def crowd(world: World, count: int, seconds: float, leaves: bool) -> None:
    """Let strangers come at once, with slow logins; some leave at the door."""
    for _ in range(count):
        _stranger(world, seconds * world.rng.random(), leaves and world.rng.random() < 0.5)


def _stranger(world: World, seconds: float, leaves: bool) -> None:
    gone: list[bool] = []

    async def serve() -> None:
        await asyncio.sleep(seconds)

    def leave() -> None:
        gone.append(True)

    if leaves:
        world.loop.outside(seconds / 2, leave)
    Arrival(world, serve, lambda: bool(gone), leave, leave).come()
