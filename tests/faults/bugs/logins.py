"""Logins that are let in, the place where a device begins, and logins that must end."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from realtime.access import tokens
from realtime.consumer import login
from realtime.core.resume import StartPosition
from realtime.hub import login_data, recheck
from tests.faults.bugs.patching import changes, without


@changes("wrong-login", "verify", tokens)
def wrong_login(original: Any, token: str) -> Any:
    """Log the first two users in as each other."""
    found, other = original(token), {1: 2, 2: 1}
    if found is None:
        return None
    return dataclasses.replace(found, user_id=other.get(found.user_id, found.user_id))


@changes("resync-needless", "decide", login_data)
def resync_needless(original: Any, **given: Any) -> StartPosition:
    """Tell each device that is behind after a trim to resynchronise."""
    start = cast(StartPosition, original(**given))
    behind = given["since"] is not None and given["since"] < given["head"]
    if behind and given["floor"] and not start.resync:
        return StartPosition(given["head"], "trimmed")
    return start


@changes("first-cursor-late", "_first_cursors", login_data)
def first_cursor_late(original: Any, *given: Any) -> tuple[()]:
    """Greet a new device before anything says where it begins; its acks will."""
    return ()


# A login that was read before what the node has heard since is not looked at again.
without("renewal-unseen", "_look_again", login)


without("rights-unheard", "receive", recheck.AccessRecheck)


@changes("no-recheck", "run", recheck.AccessRecheck)
async def no_recheck(original: Any, self: Any) -> None:
    """Look at rights only when an event tells of them."""
