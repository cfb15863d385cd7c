"""Check the texts of notifications: each kind, in each language, for each of its channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from hoardrun.checks.findings import finding
from notifications import kinds
from notifications.brand import Brand, brand
from notifications.kinds import Kind
from notifications.texts.faults import Fault, faults


@register(Tags.security)
def check_texts(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse texts that could not be rendered, or not within what a channel takes."""
    for fault in _found(kinds.all_kinds(), brand()):
        where = f"{fault.kind}, {fault.language}" if fault.language else fault.kind
        yield finding("hoardrun.E070", where=where, what=fault.what)


@lru_cache(maxsize=1)
def _found(declared: tuple[Kind, ...], of: Brand) -> Sequence[Fault]:
    """Look once: a process may run its checks many times, and its texts stay as they are."""
    return tuple(faults())
