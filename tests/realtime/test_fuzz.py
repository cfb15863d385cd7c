"""Broken frames and messages, a few thousand of them: nothing breaks but the socket they are on."""

from __future__ import annotations

import pytest

from tests.conformance.fuzz.run import run


@pytest.mark.servers
async def test_no_input_breaks_the_server_or_is_met_with_silence() -> None:
    report = await run(800, seed=20261123, bombs=4)
    assert report.wrong == []
    assert report.attack.answers["error invalid_message"] > 50
    assert report.attack.answers["closed with 1002"] > 50
