"""Say where a user's sockets of this node are. `realtime.survey` asks."""

from __future__ import annotations

import time

from realtime.core.whereabouts import SocketNow, StreamNow
from realtime.hub.socket import Socket
from realtime.hub.sockets import Sockets
from realtime.hub.streams import FollowedStreams
from realtime.hub.writes import WriteCycle


class Whereabouts:
    """Reads what the hub knows anyway: it costs nothing until it is asked."""

    def __init__(
        self, node_id: str, sockets: Sockets, streams: FollowedStreams, cycle: WriteCycle[Socket]
    ) -> None:
        self._node_id = node_id
        self._sockets = sockets
        self._streams = streams
        self._cycle = cycle

    def of(self, user_id: int) -> list[SocketNow]:
        """Describe the sockets that are logged in as this user, in the order of their logins."""
        self._cycle.fan_out_now()  # positions are true of what is queued
        return [self._socket(socket) for socket in list(self._sockets.users.get(user_id, ()))]

    def _socket(self, socket: Socket) -> SocketNow:
        state, now = socket.connection, time.monotonic()
        assert state.user_id is not None  # it is logged in
        held = self._cycle.held.get(socket)
        round_trip, unanswered = socket.writer.last_ping()
        return SocketNow(
            connection_id=state.id,
            user_id=state.user_id,
            node_id=self._node_id,
            device=state.device,
            device_class=state.device_class,
            client=socket.peer.client,
            opened_seconds_ago=round(now - socket.opened_at, 3),
            is_active=state.is_active,
            types=sorted(state.subscriptions),
            queued=socket.size,
            held_seconds=None if held is None else round(now - held, 3),
            round_trip_ms=None if round_trip is None else round(round_trip * 1000, 2),
            unanswered_seconds=None if unanswered is None else round(unanswered, 3),
            close_code=None if socket.close_code is None else int(socket.close_code),
            streams=[self._stream(socket, name) for name in sorted(state.places)],
            notes=state.told(now),
        )

    def _stream(self, socket: Socket, name: str) -> StreamNow:
        place = socket.connection.places[name]
        followed = self._streams.followed.get(name)
        node = place if followed is None else followed.place
        return StreamNow(
            name=name,
            epoch=place.epoch,
            offset=place.offset,
            node_epoch=node.epoch,
            node_offset=node.offset,
            acked=(socket.connection.acked or {}).get(name),
            is_live=followed is not None and followed.is_live(socket),
        )
