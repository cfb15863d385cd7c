"""The room `nodes`: the reports of all nodes, live, for staff who may view nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model

from realtime import registry
from realtime.models import Node
from realtime.protocol.published import NodeReport
from realtime.publish import Ephemeral, publish_ephemeral
from realtime.rest.permissions import staff_may
from realtime.rooms import RoomKind

ROOM = TOPIC = "nodes"


class NodesRoom(RoomKind):
    """One room with the newest report of each node. Needs staff rights and `realtime.view_node`."""

    name = "nodes"
    topic = TOPIC
    description = "Reports of all nodes, every two seconds; for staff"

    def matches(self, room: str) -> bool:
        return room == ROOM

    def may_join(self, user_id: int, room: str) -> bool:
        user: Any = get_user_model()._default_manager.filter(pk=user_id).first()
        return user is not None and staff_may(user, "realtime.view_node")

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        if self.may_join(user_id, ROOM):
            yield ROOM, self.description

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        found = registry.cluster()
        return [_message(registry.describe(node, found.moment)) for node in found.nodes]


def tell(node: Node) -> None:
    """Publish a node's new report to the room."""
    publish_ephemeral(TOPIC, [_message(registry.describe(node, node.seen_at))])


def _message(values: dict[str, Any]) -> Ephemeral:
    known = {name: values[name] for name in NodeReport.__struct_fields__}
    return Ephemeral((ROOM,), values["id"], NodeReport(**known))
