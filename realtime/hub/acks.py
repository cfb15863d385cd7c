"""Acknowledgements of this node's clients, stored in batches, answered when stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping

from realtime import log
from realtime.core.pace import Pace
from realtime.db import threads
from realtime.hub.socket import Socket
from realtime.hub.writes import Spawn
from realtime.log import CursorMove
from realtime.protocol.answers import Acked
from realtime.protocol.codes import ErrorCode
from realtime.streams import streams_of

logger = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 0.5  # to gather, in a storm
MAX_ANSWERS = 100_000  # of a node that may wait while the database is away


class Acks:
    """Keep the highest acknowledgement per user, device and stream until `flush`."""

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._moves: dict[tuple[int, str, str], CursorMove] = {}
        self._answers: list[tuple[Socket, Acked, str | None]] = []
        self._under_way: dict[tuple[int, str, str], CursorMove] = {}
        self._storing = asyncio.Lock()
        self._pace = Pace(MAX_WAIT_SECONDS)

    def due(self, now: float) -> bool:
        """Say whether it is time to flush: never while a flush waits for the database."""
        return bool(self._moves) and not self._storing.locked() and not self._pace.wait(now)

    def holds(self, user_id: int, device: str) -> bool:
        """Say whether anything of a device is not stored yet."""
        if not self._moves and not self._under_way:
            return False
        keys = [(user_id, device, stream) for stream in streams_of(user_id)]
        return any(key in self._moves or key in self._under_way for key in keys)

    def put(self, socket: Socket, stream: str, offset: int, request_id: str | None) -> None:
        """Take an acknowledgement; `acked` follows once it is stored.

        Answers `error` at once when MAX_ANSWERS wait already.
        """
        if len(self._answers) >= MAX_ANSWERS:
            socket.fail(
                ErrorCode.INTERNAL, "Acknowledgements cannot be stored now; try again.", request_id
            )
            return
        self.move(socket, stream, offset)
        self._answers.append((socket, Acked(stream=stream, offset=offset), request_id))

    def move(self, socket: Socket, stream: str, offset: int, epoch: str | None = None) -> None:
        """Move the device's cursor without an answer; in the epoch of its place, or another."""
        connection = socket.connection
        if connection.user_id is None:
            return
        key = (connection.user_id, connection.device, stream)
        waiting = self._moves.get(key)
        if epoch is None:
            epoch = connection.places[stream].epoch
        elif waiting is not None:
            return  # another socket of this device has just acknowledged more
        if waiting is None or waiting.epoch != epoch or waiting.acked < offset:
            self._moves[key] = CursorMove(*key, epoch, offset)

    def _put_back(self, moves: Mapping[tuple[int, str, str], CursorMove]) -> None:
        for key, move in moves.items():
            newer = self._moves.get(key)
            if newer is None or (newer.epoch == move.epoch and newer.acked < move.acked):
                self._moves[key] = move

    async def flush(self) -> bool:
        """Store what came in, in one statement; False, and it is kept, if that fails.

        A caller that is cancelled ends nothing: stored later, an ack could undo a newer one.
        """
        stored: bool = await asyncio.shield(self._spawn(self._flush()))
        return stored

    async def _flush(self) -> bool:
        async with self._storing:
            if not self._moves:
                return True
            self._pace.began(time.monotonic(), len(self._moves))
            moves, self._moves = self._moves, {}
            answers, self._answers = self._answers, []
            self._under_way = moves
            try:
                await threads.run(log.move_cursors, list(moves.values()))
            except Exception as error:
                self._put_back(moves)
                waiting = [*answers, *self._answers]
                self._answers = [answer for answer in waiting if answer[0].is_open]
                logger.warning("acknowledgements not stored yet: %r", error)
                return False
            finally:
                self._under_way = {}
        for socket, payload, request_id in answers:
            socket.reply(payload, request_id)
        return True
