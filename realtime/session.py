"""What a login needs from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from realtime import log
from realtime.log import Head


@dataclass(frozen=True, slots=True)
class Session:
    """The user's standing, the heads of the streams, and the device's cursors."""

    exists: bool
    is_active: bool
    heads: dict[str, Head]
    cursors: dict[str, tuple[str, int]]


def load(user_id: int, device: str, streams: Sequence[str]) -> Session:
    """Read what a login needs; begin streams that do not exist yet."""
    is_active = (
        get_user_model()._default_manager.filter(pk=user_id).values_list("is_active", flat=True)
    ).first()
    if not is_active:
        return Session(is_active is not None, False, {}, {})
    return Session(
        exists=True,
        is_active=True,
        heads=log.ensure(streams),
        cursors=log.cursors(user_id, device) if device else {},
    )
