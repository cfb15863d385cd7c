"""Every answer names its request."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/accounts", "/nowhere"])
def test_it_names_every_request(db, path: str):
    first, second = (Client().get(path)["X-Request-ID"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("req-17:a.b_c", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ("\x00", False)],
)
def test_it_keeps_what_a_proxy_has_called_it(db, given: str, is_kept: bool):
    answer = Client().get("/healthz", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is is_kept
