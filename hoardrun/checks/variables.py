"""Variables that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from hoardrun import env
from hoardrun.checks.findings import finding
from hoardrun.options import TABLES


@register(Tags.security)
def check_names(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of an engine's variable that does not exist: what it was to change stays as it is."""
    for name in env.unknown(*TABLES):
        near = get_close_matches(name, env.names(*TABLES), n=1, cutoff=0)
        yield finding("hoardrun.W051", name=name, near=near[0])
