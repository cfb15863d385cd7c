"""Variables that nothing reads."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from hoardrun import env
from hoardrun.options import TABLES


@register(Tags.security)
def check_names(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of an engine's variable that does not exist: what it was to change stays as it is."""
    for name in env.unknown(*TABLES):
        near = get_close_matches(name, env.names(*TABLES), n=1, cutoff=0)
        yield Warning(
            f"{name} is set, and no option has that name.",
            hint=f"Did you mean {near[0]}? `manage.py settings` lists all.",
            id="hoardrun.W051",
        )
