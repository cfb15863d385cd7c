"""Ask all nodes where the sockets of a user are now. Nothing is stored.

The question goes to the group of all nodes, with a group of its own for the answers. A node
answers at once; one that does not, or that is not understood, is named. Without Redis a layer
reaches one process only, so the node of this very process is asked, if it is one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any
from weakref import WeakKeyDictionary, WeakMethod

import msgspec
from channels.layers import InMemoryChannelLayer, get_channel_layer

from realtime import clock, registry
from realtime.core.whereabouts import NodeName, SocketNow, Survey
from realtime.layer import groups, send
from realtime.models import Node

__all__ = ["QUESTION", "NodeName", "SocketNow", "Survey", "answer", "ask", "offer", "withdraw"]

QUESTION = "hub.survey"
ANSWER = "survey.answer"
PATIENCE_SECONDS = 2.0  # for all answers together

Answer = Callable[[int], list[SocketNow]]

logger = logging.getLogger(__name__)

# The answers know the node, and the node its loop: each is held by its node alone.
_here: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[str, WeakMethod[Answer]]]
_here = WeakKeyDictionary()


def ask(user_id: int) -> Survey:
    """Return what the live nodes say of a user's sockets, within PATIENCE_SECONDS.

    Blocks: call it from a thread or a command, never on an event loop.
    """
    moment = clock.now()
    alive = Node.objects.filter(registry.alive()).order_by("host", "pid")
    nodes = {node.pk: NodeName(node.pk, str(node)) for node in alive}
    said = asyncio.run(_ask(user_id, nodes))
    return Survey(
        moment=moment,
        sockets=[socket for own in said.values() for socket in own],
        silent=[name for key, name in nodes.items() if key not in said],
    )


async def _ask(user_id: int, nodes: Collection[str]) -> Mapping[str, list[SocketNow]]:
    """Return the answers by node: of all of `nodes`, or those that came in time."""
    said: dict[str, list[SocketNow]] = {}
    is_here = isinstance(get_channel_layer(), InMemoryChannelLayer)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await (_ask_here(user_id, said) if is_here else _ask_all(user_id, nodes, said))
    except Exception as error:  # the nodes that have not answered are silent
        if not isinstance(error, TimeoutError):
            logger.warning("nodes not asked through the layer: %r", error)
    return said


async def _ask_all(user_id: int, nodes: Collection[str], said: dict[str, list[SocketNow]]) -> None:
    layer: Any = get_channel_layer()
    question = secrets.token_hex(8)
    channel = await layer.new_channel()
    await layer.group_add(groups.survey_group(question), channel)
    content = {"user": user_id, "question": question}
    sent = await send.send_all([(groups.all_nodes_group(), _message(QUESTION, content))])
    if isinstance(sent[0], Exception):
        raise sent[0]
    waiting = set(nodes)
    while waiting:
        message = await layer.receive(channel)
        if message.get("from") not in groups.deployments():
            continue
        waiting.discard(node := str(message.get("node")))
        try:
            said[node] = msgspec.convert(message.get("sockets"), list[SocketNow])
        except msgspec.ValidationError as error:  # a node of another release
            logger.warning("the answer of node %s is not understood: %s", node, error)


async def _ask_here(user_id: int, said: dict[str, list[SocketNow]]) -> None:
    for loop, (node, kept) in list(_here.items()):
        if (answer_of := kept()) is None:
            continue
        future: Future[list[SocketNow]] = Future()
        loop.call_soon_threadsafe(_answer_here, future, answer_of, user_id)
        said[node] = await asyncio.wrap_future(future)


def _answer_here(future: Future[list[SocketNow]], answer_of: Answer, user_id: int) -> None:
    if future.set_running_or_notify_cancel():  # else nobody waits any more
        future.set_result(answer_of(user_id))


# -- on a node


def offer(node_id: str, answer_of: Answer) -> None:
    """Let the node of this event loop be asked here, by a method of one of its parts."""
    _here[asyncio.get_running_loop()] = node_id, WeakMethod(answer_of)


def withdraw() -> None:
    """End what `offer` began."""
    _here.pop(asyncio.get_running_loop(), None)


async def answer(node_id: str, question: Mapping[str, Any], sockets: Sequence[SocketNow]) -> None:
    """Answer a question that has come through the layer."""
    content = {"node": node_id, "sockets": msgspec.to_builtins(sockets)}
    group = groups.survey_group(str(question["question"]))
    await send.send_all([(group, _message(ANSWER, content))])


def _message(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": kind, "from": groups.deployment(), **content}
