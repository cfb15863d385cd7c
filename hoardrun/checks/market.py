"""Check that prices come from sources that there are, and that customers may believe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from hoardrun.checks.findings import finding
from hoardrun.market.feeds import FEEDS, VENUES
from hoardrun.market.options import SIMULATOR, options, sources


@register(Tags.security)
def check_sources(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse made-up prices outside DEBUG, unknown sources, and those without their key."""
    found = sources()
    if SIMULATOR in found and not settings.DEBUG:
        yield finding("hoardrun.E090")
    known = {*FEEDS, *VENUES}
    for name in found:
        if name not in known:
            yield finding("hoardrun.E091", name=name, known=", ".join(sorted(known)))
    if "alpaca" in found and not (options().alpaca_key and options().alpaca_secret):
        yield finding("hoardrun.E092")
