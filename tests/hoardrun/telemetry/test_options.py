"""Settings that are incomplete, or lack their library, refuse the start with one sentence."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env, telemetry
from hoardrun.telemetry.options import TelemetryOptions

DSN = "https://key@errors.example.com/1"


def test_both_are_off_by_default() -> None:
    options = TelemetryOptions()
    telemetry.check(options)
    assert telemetry.begin_spans(options) is None
    assert telemetry.handlers(options) == {}


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "is no URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "is no URL"),
        ("OTEL_PYTHON_EXCLUDED_URLS", "healthz,(", "has a pattern that cannot be read: '('"),
        ("SENTRY_DSN", "https://errors.example.com/1", "is no DSN"),
        ("SENTRY_DSN", "https://key@errors.example.com/", "is no DSN"),
        ("SENTRY_DSN", "ftp://key@errors.example.com/1", "is no DSN"),
    ],
)
def test_a_value_that_leads_nowhere_stops_the_start(
    variable: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match=f"{variable}.*{text.replace('(', '.')}") as told:
        env.read(TelemetryOptions)
    assert "example.com" not in str(told.value)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (TelemetryOptions(otel_exporter_otlp_endpoint="http://collector:4318"), r"\[otel\]"),
        (TelemetryOptions(sentry_dsn=DSN), r"\[sentry\]"),
    ],
)
def test_what_is_not_installed_is_named_with_what_brings_it(
    options: TelemetryOptions, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    telemetry.check(options)
    missing = {"OTEL_EXPORTER_OTLP_ENDPOINT": ("no.such.package", "otel")}
    missing |= {"SENTRY_DSN": ("no_such_package", "sentry")}
    monkeypatch.setattr(telemetry, "_NEEDED", missing)
    with pytest.raises(ImproperlyConfigured, match=f"not installed: `pip install hoardrun{text}`"):
        telemetry.check(options)
