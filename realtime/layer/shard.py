"""One Redis of the channel layer: a connection that publishes, and one that is subscribed.

Both heal by themselves. While the publishing one is known to be broken, publishing fails at once,
so that a Redis that is away or frozen holds up neither its callers nor what goes to other ones. The
subscribed one subscribes to everything again, and then says so: what was sent meanwhile is missed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from realtime.layer.link import Link
from realtime.layer.trouble import trouble

RETRY_SECONDS = 0.5  # between two attempts to connect
PROOF_SECONDS = 1.0  # for a new connection to answer a PING
PUBLISH_SECONDS = 1.0  # for one batch
BATCH = 512  # channels or messages in one go
FAILURES = (RedisError, OSError, TimeoutError)


class Away(ConnectionError):
    """This Redis does not answer. The shard knows, and is connecting again."""


class Shard:
    """The connections of one event loop to one Redis.

    Calls `deliver(channel, data)` for each message, `again()` when it has subscribed anew, and
    `mended()` when it can publish again.
    """

    def __init__(
        self,
        host: Mapping[str, Any],
        deliver: Callable[[str, bytes], None],
        again: Callable[[], None],
        mended: Callable[[], None] = lambda: None,
    ) -> None:
        self.host = host
        self.name = name_of(host)
        self._deliver = deliver
        self._again = again
        self._mended = mended
        self._turn = asyncio.Lock()  # keeps what is published in order
        self._hurried = asyncio.Event()
        self._publisher: Link | None = None
        self._mending: asyncio.Task[None] | None = None
        self._subscriber: Link | None = None
        self._listening: asyncio.Task[None] | None = None
        self._names: set[str] = set()  # subscribed to, or about to be
        self._confirmed: set[str] = set()
        self._waiting: dict[str, list[_Batch]] = {}
        self._parts = (f"{self.name}, publishing", f"{self.name}, receiving")

    # -- publishing

    async def publish(self, messages: Sequence[tuple[str, bytes]]) -> list[int]:
        """Publish in order, in few round trips; return how many subscribers each one reached.

        Raises Away, or what has just broken the connection.
        """
        reached: list[int] = []
        async with self._turn:
            for start in range(0, len(messages), BATCH):
                if self._mending is not None:
                    raise Away(self.name)
                reached += await self._publish(messages[start : start + BATCH])
        return reached

    async def _publish(self, messages: Sequence[tuple[str, bytes]]) -> list[int]:
        is_used = self._publisher is not None
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                try:
                    return await self._exchange(messages)
                except (RedisError, OSError):
                    if not is_used:
                        raise
                # Redis may have closed an idle connection, or have been restarted since. A message
                # that is sent twice does no harm.
                await self._drop_publisher()
                return await self._exchange(messages)
        except asyncio.CancelledError:  # its answers are not read: no other call may use it
            await self._drop_publisher()
            raise
        except Exception as error:
            trouble.begins(self._parts[0], error)
            self._mending = asyncio.ensure_future(self._mend())
            raise

    async def _exchange(self, messages: Sequence[tuple[str, bytes]]) -> list[int]:
        if self._publisher is None:
            self._publisher = await Link.open(self.host)
        link = self._publisher
        await link.send(*(("PUBLISH", channel, data) for channel, data in messages))
        return [await link.read() for _ in messages]

    async def _mend(self) -> None:
        """Connect again, as often as it takes."""
        await self._drop_publisher()
        while True:
            link = None
            try:
                link = await Link.open(self.host)
                async with asyncio.timeout(PROOF_SECONDS):
                    await link.send(("PING",))
                    await link.read()
            except FAILURES as error:
                trouble.begins(self._parts[0], error)
                if link is not None:
                    await _quietly(link.close())
                await self._rest()
            else:
                self._publisher, self._mending = link, None
                trouble.ends(self._parts[0])
                self._mended()
                return

    async def _drop_publisher(self) -> None:
        link, self._publisher = self._publisher, None
        if link is not None:
            await _quietly(link.close())

    # -- receiving

    async def subscribe(self, names: Iterable[str]) -> None:
        """Return once Redis has confirmed each of these channels: all later messages arrive.

        Raises what ends the connection before that; the channels are subscribed to all the same
        once there is another one.
        """
        new = [name for name in names if name not in self._confirmed]
        if not new:
            return
        self._names.update(new)
        batch = _Batch(len(new), asyncio.get_running_loop().create_future())
        for name in new:
            self._waiting.setdefault(name, []).append(batch)
        if self._listening is None:
            self._listening = asyncio.ensure_future(self._listen())
        elif self._subscriber is not None:  # else this waits for a connection
            await self._ask(self._subscriber, "SUBSCRIBE", new)
        await batch.done

    async def unsubscribe(self, names: Sequence[str]) -> None:
        """Leave channels; what is under way may still come."""
        self._names.difference_update(names)
        self._confirmed.difference_update(names)
        if self._subscriber is not None:
            await self._ask(self._subscriber, "UNSUBSCRIBE", names)

    def stay_with(self, other: Shard) -> None:
        """Subscribe anew if another one publishes to another server, as after a failover."""
        publisher, subscriber = other._publisher, self._subscriber
        if publisher is not None and subscriber is not None and publisher.peer != subscriber.peer:
            self.renew()

    def renew(self) -> None:
        """Subscribe anew, over another connection: this one hears nothing any more."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = asyncio.ensure_future(self._listen(is_first=False))

    async def _listen(self, *, is_first: bool = True) -> None:
        """Receive for ever, over one connection after the other."""
        while True:
            link = None
            try:
                link = await Link.open(self.host)
                await self._receive(link, is_first)
            except FAILURES as error:
                trouble.begins(self._parts[1], error)
                self._fail_all(error)
                if not self._confirmed:  # at once, if it has just worked
                    await self._rest()
            finally:
                self._subscriber, is_first = None, False
                self._confirmed.clear()
                if link is not None:
                    await _quietly(link.close())

    async def _receive(self, link: Link, is_first: bool) -> None:
        missing = set(self._names)
        self._subscriber = link
        await self._ask(link, "SUBSCRIBE", sorted(missing))
        if not missing:
            trouble.ends(self._parts[1])
        while True:
            kind, channel, data = await link.read()
            name = channel.decode()
            if kind == b"message":
                self._deliver(name, data)
            elif kind == b"subscribe":
                self._confirm(name)
                if missing:
                    missing.discard(name)
                    if not missing:
                        trouble.ends(self._parts[1])
                        if not is_first:
                            self._again()

    async def _ask(self, link: Link, command: str, names: Sequence[str]) -> None:
        for start in range(0, len(names), BATCH):
            await link.send((command, *names[start : start + BATCH]))

    def _confirm(self, name: str) -> None:
        if name in self._names:
            self._confirmed.add(name)
        for batch in self._waiting.pop(name, ()):
            batch.confirmed()

    def _fail_all(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, {}
        for batches in waiting.values():
            for batch in batches:
                batch.fail(error)

    # -- both

    async def follow_master(self) -> None:
        """Go to the master that the Sentinels name, if it is another one.

        One that they cannot reach may still serve this node, and no other.
        """
        link = self._publisher
        with contextlib.suppress(*FAILURES):
            if link is not None and self._mending is None and await link.master_is_elsewhere():
                self._mending = asyncio.ensure_future(self._mend())

    def hurry(self) -> None:
        """Try to connect again now, where that waits for its next attempt."""
        hurried, self._hurried = self._hurried, asyncio.Event()
        hurried.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await self._hurried.wait()

    async def close(self) -> None:
        """End both connections; using it again opens others."""
        for task in (self._listening, self._mending):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        self._listening = self._mending = None
        self._fail_all(Away(self.name))
        self._names.clear()
        await self._drop_publisher()
        for part in self._parts:
            trouble.ends(part)


@dataclass
class _Batch:
    """Channels with a caller that waits for their confirmation."""

    missing: int
    done: asyncio.Future[None]

    def confirmed(self) -> None:
        self.missing -= 1
        if not self.missing and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def name_of(host: Mapping[str, Any]) -> str:
    """Name a Redis for the log and for staff, without its password."""
    if master := host.get("master_name"):
        return f"master {master}"
    parts = urlsplit(str(host.get("address", "")))
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"


async def _quietly(closing: Coroutine[Any, Any, None]) -> None:
    """End a connection that may be in any state."""
    with contextlib.suppress(RedisError, OSError, RuntimeError):
        await closing
