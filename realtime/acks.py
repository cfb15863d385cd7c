"""Acknowledgements of this node's clients, stored in batches, answered when stored."""

from __future__ import annotations

import asyncio
import logging

from realtime import db, log
from realtime.log import CursorMove
from realtime.protocol.messages import Acked
from realtime.socket import Socket

logger = logging.getLogger(__name__)


class Acks:
    """Keep the highest acknowledgement per user, device and stream until `flush`."""

    def __init__(self) -> None:
        self._moves: dict[tuple[int, str, str], CursorMove] = {}
        self._answers: list[tuple[Socket, Acked, str | None]] = []
        self._storing = asyncio.Lock()

    def __bool__(self) -> bool:
        return bool(self._moves)

    def put(self, socket: Socket, stream: str, offset: int, request_id: str | None) -> None:
        """Take an acknowledgement; `acked` follows once it is stored."""
        self.move(socket, stream, offset)
        self._answers.append((socket, Acked(stream=stream, offset=offset), request_id))

    def move(self, socket: Socket, stream: str, offset: int) -> None:
        """Move the device's cursor without an answer."""
        connection = socket.connection
        if connection.user_id is None:
            return
        key = (connection.user_id, connection.device, stream)
        epoch = connection.places[stream].epoch
        waiting = self._moves.get(key)
        if waiting is None or waiting.epoch != epoch or waiting.acked < offset:
            self._moves[key] = CursorMove(*key, epoch, offset)

    async def flush(self) -> None:
        """Store what came in, in one statement; keep it if that fails."""
        async with self._storing:
            if not self._moves:
                return
            moves, self._moves = self._moves, {}
            answers, self._answers = self._answers, []
            try:
                await db.run(log.move_cursors, list(moves.values()))
            except Exception as error:  # a newer one of the same key stays the newer
                logger.warning("acknowledgements not stored yet: %r", error)
                self._moves = moves | self._moves
                self._answers = answers + self._answers
                return
        for socket, payload, request_id in answers:
            socket.reply(payload, request_id)
