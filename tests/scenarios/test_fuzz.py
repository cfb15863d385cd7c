"""Broken frames, messages and requests affect only the socket that sends them."""

from __future__ import annotations

import pytest

from tests.conformance.fuzz.run import run


@pytest.mark.servers
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_no_input_breaks_the_server_or_gets_no_answer(
    store: str, request: pytest.FixtureRequest
) -> None:
    database = ""
    if store == "postgres":
        database = request.getfixturevalue("postgres").migrated("fuzz")
    report = await run(800, seed=20261123, database=database, bombs=4)
    assert report.wrong == []
    assert report.attack.answers["error invalid_message"] > 30
    assert report.attack.answers["closed with 1002"] > 30
    assert report.attack.answers["HTTP 400"] > 30
