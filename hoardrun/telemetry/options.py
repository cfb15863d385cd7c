"""The variables that switch tracing and error reports on; they are off by default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from realtime.option_fields import option, split, text


def _parse_endpoint(given: str) -> str:
    parts = urlsplit(given)
    if given and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("is no URL: it looks like http://127.0.0.1:4318.")
    return given.rstrip("/")


def _parse_dsn(given: str) -> str:
    parts = urlsplit(given)
    is_whole = parts.hostname and parts.username and parts.path.rpartition("/")[2].isdecimal()
    if given and (parts.scheme not in {"http", "https"} or not is_whole):
        raise ValueError("is no DSN: it looks like https://key@host/1.")
    return given


def _parse_patterns(given: str) -> tuple[str, ...]:
    patterns = split(given)
    for each in patterns:
        try:
            re.compile(each)
        except re.error as error:
            raise ValueError(f"has a pattern that cannot be read: {each!r}, {error}.") from None
    return patterns


@dataclass(frozen=True)
class TelemetryOptions:
    """The options of what is sent to others. Their libraries read further variables themselves."""

    otel_exporter_otlp_endpoint: str = option("", _parse_endpoint)
    """Where [spans of requests](#tracing-and-errors) go, by OTLP over HTTP, such as
    `http://127.0.0.1:4318`; needs `pip install hoardrun[otel]`."""
    otel_service_name: str = text("hoardrun")
    """What the tracing system calls this deployment."""
    otel_python_excluded_urls: tuple[str, ...] = option(
        ("healthz", "readyz", "metrics"), _parse_patterns
    )
    """Patterns, separated by commas; a request whose path has one of them has no span."""
    sentry_dsn: str = option("", _parse_dsn, secret=True)
    """Where [errors](#tracing-and-errors) are reported, as Sentry gives it; needs
    `pip install hoardrun[sentry]`."""
