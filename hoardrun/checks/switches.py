"""Switches that are meant for development."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from realtime.options import options


@register(Tags.security, deploy=True)
def check_switches(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of switches that no deployment with customers turns on."""
    if settings.ALLOW_LOSING_COMMITTED_EVENTS:
        yield Warning(
            "ALLOW_LOSING_COMMITTED_EVENTS is on: the server starts on a database that may "
            "lose what it has committed.",
            hint="Set ALLOW_LOSING_COMMITTED_EVENTS=0.",
            id="hoardrun.W040",
        )
    if options().echo:
        yield Warning(
            "WS_ECHO is on: /ws/echo lets anybody in, from any page, without a limit.",
            hint="Set WS_ECHO=0; it is for conformance runs.",
            id="hoardrun.W041",
        )
    if settings.SIMULATE_MARKET and not settings.DEBUG:
        yield Warning(
            "Prices are simulated, and look as real ones do.",
            hint="Set SIMULATE_MARKET=0, and feed true prices with `manage.py stream_market`.",
            id="hoardrun.W042",
        )
