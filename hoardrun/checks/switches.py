"""Switches that are meant for development."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from hoardrun.checks.findings import finding
from realtime.options import options


@register(Tags.security, deploy=True)
def check_switches(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of switches that no deployment with customers turns on."""
    if settings.ALLOW_LOSING_COMMITTED_EVENTS:
        yield finding("hoardrun.W040")
    if options().echo:
        yield finding("hoardrun.W041")
