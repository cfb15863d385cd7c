"""Hot reads are counted with all other requests of their user, each once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from rest_framework.settings import api_settings

from hoardrun.api.throttles import Counter
from hoardrun.hot_path import HotPath
from tests.hoardrun.hot_path.asking import Left, ask_django, ask_hot, bearer
from tests.services.asgi import Headers

Allow = Callable[[int], Headers]
QUOTES = "/api/v1/quotes"


@pytest.fixture
def allow(alice: User, monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Let alice read a number of units in an hour that does not pass; return her headers."""

    def allowed(units: int) -> Headers:
        monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "read", f"{units}/hour")
        monkeypatch.setattr(Counter, "clock", staticmethod(lambda: 1_800_000_000.0))
        cache.clear()
        return bearer(alice)

    return allowed


def test_reads_are_counted_with_all_others(hot: HotPath, allow: Allow):
    headers = allow(5)
    assert ask_django("GET", "/api/v1/snapshot", headers).status == 200  # three units
    assert ask_hot(hot, "GET", QUOTES, headers).status == 200
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/snapshot", headers)
    assert ask_hot(hot, "GET", QUOTES, headers).status == 200
    with pytest.raises(Left):
        ask_hot(hot, "GET", QUOTES, headers)
    assert ask_django("GET", QUOTES, headers).status == 429


def test_a_read_that_is_left_to_django_is_counted_once(hot: HotPath, allow: Allow):
    headers = allow(2)
    for _ in range(4):
        with pytest.raises(Left):
            ask_hot(hot, "GET", f"{QUOTES}?symbols=NONE", headers)
    statuses = [ask_hot(hot, "GET", QUOTES, headers).status for _ in range(2)]
    assert statuses == [200, 200]
