"""What the environment says is understood, or stops the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.throttling import SimpleRateThrottle

from hoardrun import env


class Throttle(SimpleRateThrottle):
    rate = "1/s"


@pytest.mark.parametrize(
    ("value", "means"),
    [("", (60, 60)), (" 5/s ", (5, 1)), ("10/hour", (10, 3600)), ("7/d", (7, 86400))],
)
def test_it_reads_rates_as_the_throttles_do(monkeypatch, value: str, means: tuple[int, int]):
    monkeypatch.setenv("BROADCAST_RATE", value)
    assert Throttle().parse_rate(env.rate("BROADCAST_RATE", "60/min")) == means


@pytest.mark.parametrize("value", ["60", "fast", "60/year", "0/min", "-1/min", "1.5/s", "60/min/s"])
def test_it_refuses_what_is_no_rate(monkeypatch, value: str):
    monkeypatch.setenv("BROADCAST_RATE", value)
    with pytest.raises(ImproperlyConfigured, match="BROADCAST_RATE=.* is no rate: write it like"):
        env.rate("BROADCAST_RATE", "60/min")


@pytest.mark.parametrize("value", ["$secret", "$$", "a$b", "$HOME"])
def test_a_text_is_taken_as_it_is(monkeypatch, value: str):
    monkeypatch.setenv("SECRET_KEY", f"{value} ")
    assert env.text("SECRET_KEY") == value
    assert env.secret_key(debug=True) == value


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("read", [env.number, env.whole])
def test_it_refuses_what_is_no_finite_number(monkeypatch, read, value: str):
    monkeypatch.setenv("WS_TICKET_SECONDS", value)
    with pytest.raises(ImproperlyConfigured, match="WS_TICKET_SECONDS"):
        read("WS_TICKET_SECONDS", 30)
