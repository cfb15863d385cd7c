"""What leaves for a tracing system (OpenTelemetry) and an error tracker (Sentry), if they are set.

Both are extras and off by default: nothing here imports their libraries unless its variable is set.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from hoardrun.telemetry.options import TelemetryOptions

if TYPE_CHECKING:
    from hoardrun.telemetry.spans import Spans

# By the variable that switches it on: what must be installed, and the extra that brings it.
_NEEDED = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("opentelemetry.exporter.otlp.proto.http", "otel"),
    "SENTRY_DSN": ("sentry_sdk", "sentry"),
}


def check(options: TelemetryOptions) -> None:
    """Raise ImproperlyConfigured for what is switched on and not installed."""
    for variable, (package, extra) in _NEEDED.items():
        if getattr(options, variable.lower()) and not _is_installed(package):
            raise ImproperlyConfigured(
                f"{variable} is set, and {package.partition('.')[0]} is not installed: "
                f"`pip install hoardrun[{extra}]`."
            )


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # not even what it is in
        return False


def begin_spans(options: TelemetryOptions) -> Spans | None:
    """Begin to send spans of requests; None if that is off. `close()` what it returns."""
    if not options.otel_exporter_otlp_endpoint:
        return None
    from hoardrun.telemetry.spans import Spans

    return Spans(
        options.otel_exporter_otlp_endpoint,
        service=options.otel_service_name,
        excluded=options.otel_python_excluded_urls,
    )


def handlers(options: TelemetryOptions) -> dict[str, dict[str, Any]]:
    """Return the handlers of LOGGING that are switched on, by their names."""
    if not options.sentry_dsn:
        return {}
    kind = "hoardrun.telemetry.sentry.ToSentry"
    return {"sentry": {"()": kind, "level": "ERROR", "dsn": options.sentry_dsn}}
