"""The file descriptors of a process: each socket takes one, and the system limits them.

`serve` raises the limit as far as it may. Beyond what still fits, the gate answers handshakes with
503: without a descriptor the kernel could not even hand a connection over.
"""

from __future__ import annotations

import contextlib
import sys

try:
    import resource
except ImportError:  # pragma: no cover  # Windows has no such limit
    resource = None  # type: ignore[assignment]

# For what is no socket of a client: files, connections to the stores, requests over HTTP.
SPARE = 200


def raise_limit(sockets: int) -> None:
    """Raise the limit of this process, and of those it starts, to hold `sockets` if allowed.

    A system may refuse what its hard limit allows, as macOS beyond a limit of its kernel.
    """
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(sockets + SPARE, _count(hard))
    if _count(soft) < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def room() -> int:
    """Return how many sockets this process can hold."""
    if resource is None:
        return sys.maxsize
    return max(1, _count(resource.getrlimit(resource.RLIMIT_NOFILE)[0]) - SPARE)


def shortage(sockets: int, *, is_chosen: bool) -> str | None:
    """Say in a sentence that the raised limit allows too few sockets; None if it allows enough.

    Enough are all that an operator has chosen, and half of a default, which expresses no wish.
    """
    fits = room()
    if fits >= (sockets if is_chosen else sockets / 2):
        return None
    return (
        f"A process may open {fits + SPARE:,} files (`ulimit -Hn`), so it takes {fits:,} sockets, "
        f"not the {sockets:,} of WS_MAX_CONNECTIONS_PER_NODE, and answers others with 503. "
    )


def _count(limit: int) -> int:
    assert resource is not None
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
