"""The kinds of layer: ours over Redis, and others of Channels, such as the one in memory.

Ours takes many groups at once and divides them among shards. Its module is loaded where settings
name it and nowhere else, as its client of Redis takes a tenth of the time of a start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from channels.layers import InMemoryChannelLayer

if TYPE_CHECKING:
    from realtime.layer.pubsub import LoopLayer, PubSubLayer

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0  # longer than a call on the dead connection holds its lock


def is_ours(backend: object) -> TypeGuard[PubSubLayer]:
    """Say whether a backend is ours, with a part for each event loop."""
    return hasattr(type(backend), "loop_layer")


def takes_many(layer: object) -> TypeGuard[LoopLayer]:
    """Say whether a layer is such a part, and takes many groups at once."""
    return hasattr(type(layer), "group_add_many")


def place_of(layer: Any, group: str) -> int:
    """Return the number of the shard that carries a group."""
    return layer.place_of(group) if takes_many(layer) else 0


def parts_of(layer: Any, what: str) -> Sequence[str]:
    """Name what may be in trouble, by shard."""
    return [f"{shard.name}, {what}" for shard in layer.shards] if takes_many(layer) else [what]


async def change_groups(
    layer: Any, channel: str, join: Sequence[str], leave: Sequence[str]
) -> None:
    """Let a channel join groups and leave others, all of one shard; raises what went wrong."""
    if takes_many(layer):
        for error in await layer.group_add_many(join, channel):
            if error is not None:
                raise error
        await layer.group_discard_many(leave, channel)
        return
    for group in join:
        await layer.group_add(group, channel)
    for group in leave:
        await layer.group_discard(group, channel)


async def close(layer: Any) -> None:
    """Close a layer of this process alone, in any state."""
    if isinstance(layer, InMemoryChannelLayer) or layer is None:
        return
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await layer.flush()
    except Exception as error:
        logger.info("channel layer: the old connection did not close: %r", error)
