"""The browser code's pure parts, under Node's own test runner."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.services.environment import ROOT

STATIC = ROOT / "realtime" / "static" / "realtime"
SUITES = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_under_node(suite: Path) -> None:
    """Node comes with what drives the browser, so that none needs to be installed."""
    node, _ = compute_driver_executable()
    ran = subprocess.run([node, "--test", suite], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "fail 0" in ran.stdout


def test_the_client_is_small_and_needs_nothing_else() -> None:
    client = (STATIC / "client.js").read_bytes()
    assert len(gzip.compress(client, 6)) < 10_000  # the level that proxies use unless told
    assert b"\nimport " not in client
