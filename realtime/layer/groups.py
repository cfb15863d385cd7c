"""Names of groups on the channel layer, and of this deployment there. Nothing else builds them."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache

from django.conf import settings

_PLAIN = re.compile(r"[a-z]{1,30}(:[0-9]{1,30})?")


def stream_group(stream: str) -> str:
    """Name the layer group that wakes the nodes which follow `stream`.

    Group names allow few characters; a name that has others is hashed.
    """
    if _PLAIN.fullmatch(stream):
        return f"stream.{stream.replace(':', '.')}"
    return f"stream-hash.{hashlib.sha256(stream.encode()).hexdigest()[:40]}"


def topic_group(topic: str) -> str:
    """Name the layer group that carries the ephemeral messages of `topic`."""
    return f"topic.{topic}"


def node_group(node_id: str) -> str:
    """Name the layer group that only one node is in."""
    return f"node.{node_id}"


@cache
def deployment() -> str:
    """Name this deployment on a layer that it may share with others by mistake.

    All its nodes have the same SECRET_KEY, and nobody else has it.
    """
    return _name_under(settings.SECRET_KEY)


@cache
def deployments() -> frozenset[str]:
    """Return the names of our own nodes: while keys rotate, some have the other one."""
    return frozenset({deployment(), *map(_name_under, settings.SECRET_KEY_FALLBACKS)})


def _name_under(key: str) -> str:
    return hmac.new(key.encode(), b"deployment", hashlib.sha256).hexdigest()[:12]


def all_nodes_group() -> str:
    """Name the layer group that every node is in, for bulk wake-ups."""
    return "nodes.all"
