"""Names of groups on the channel layer, and of this deployment. No other module builds them."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import cache

from django.conf import settings

_PLAIN = re.compile(r"[a-z]{1,30}(:[0-9]{1,30})?")


def stream_group(stream: str) -> str:
    """Return the group that wakes the nodes with followers of `stream`.

    Group names allow few characters: other names are hashed.
    """
    if _PLAIN.fullmatch(stream):
        return f"stream.{stream.replace(':', '.')}"
    return f"stream-hash.{hashlib.sha256(stream.encode()).hexdigest()[:40]}"


def topic_group(topic: str) -> str:
    """Return the group of the ephemeral messages of `topic`."""
    return f"topic.{topic}"


def node_group(node_id: str) -> str:
    """Return the group of one node alone."""
    return f"node.{node_id}"


@cache
def deployment() -> str:
    """Return the name of this deployment, to tell it from others on a shared layer.

    Derived from SECRET_KEY, which all its nodes have and no other deployment has.
    """
    return _name_under(settings.SECRET_KEY)


@cache
def deployments() -> frozenset[str]:
    """Return all names of this deployment: while keys rotate, nodes differ in their key."""
    return frozenset({deployment(), *map(_name_under, settings.SECRET_KEY_FALLBACKS)})


def _name_under(key: str) -> str:
    return hmac.new(key.encode(), b"deployment", hashlib.sha256).hexdigest()[:12]


def survey_group(question: str) -> str:
    """Return the group of who asks all nodes a question, which has a random name."""
    return f"survey.{question}"


def all_nodes_group() -> str:
    """Return the group of all nodes, for bulk wake-ups."""
    return "nodes.all"
