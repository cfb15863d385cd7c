"""Watchlists over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.clients import api_as
from tests.hoardrun.tools import problem

URL = "/api/v1/watchlists"


def test_a_list_is_created_read_changed_and_removed(
    alice: User, bob: User, instruments: Any
) -> None:
    client, stranger = api_as(alice), api_as(bob)
    answer = client.post(URL, {"name": "Mine", "symbols": ["SCOM", "AAPL"]})
    body = answer.json()
    assert (answer.status_code, body["symbols"], body["version"]) == (201, ["SCOM", "AAPL"], 1)
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", body["created_at"])  # as everywhere
    one = f"{URL}/{body['id']}"
    assert client.get(URL).json() == [body] and client.get(one).json() == body
    assert stranger.get(URL).json() == []
    for each in (stranger.get(one), stranger.delete(one), client.get(f"{URL}/x")):
        problem(each, 404, "watchlist_not_found")
    problem(client.patch(one, {"symbols": []}), 400, "invalid_input", "version")
    moved = client.patch(one, {"version": 1, "symbols": ["AAPL", "SCOM"]}).json()
    assert (moved["symbols"], moved["version"]) == (["AAPL", "SCOM"], 2)
    old = problem(client.patch(one, {"version": 1, "name": "Ours"}), 412, "watchlist_changed")
    assert old["version"] == 2
    assert client.delete(one).status_code == 204
    problem(client.delete(one), 404, "watchlist_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "x", "symbols": "AAPL"}, "symbols"),
        ({"name": "x", "symbols": ["AAPL"] * 101}, "symbols"),
        ({"name": "x", "symbols": ["AAPL", "AAPL"]}, "symbols"),
        ({"name": "x", "owner": 1}, "owner"),
    ],
)
def test_a_body_that_is_wrong_names_its_field(
    alice: User, instruments: Any, body: dict[str, Any], field: str
) -> None:
    problem(api_as(alice).post(URL, body), 400, "invalid_input", field)


def test_an_unknown_symbol_is_not_found(alice: User, instruments: Any) -> None:
    answer = api_as(alice).post(URL, {"name": "x", "symbols": ["NONE"]})
    assert problem(answer, 404, "instrument_not_found")["symbols"] == ["NONE"]
