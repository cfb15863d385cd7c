"""A real browser at a real server. `make e2e` runs these."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.services.ports import PATIENCE
from tests.services.server import Server

# The page asks for its lists every five seconds, who is sent away comes back within five, and
# a machine that does other things takes as long again. A check that passes waits for none of it.
expect.set_options(timeout=15_000 * PATIENCE)

# All log in from one address, a few names as often as there are tests.
for name in ("LOGIN", "LOGIN_ADDRESS", "STRANGER", "READ"):
    os.environ[f"{name}_RATE"] = "1000000/min"

# What a browser does on its own in the background would fail and be logged on a closed network.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Find the machine's Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.exit(
        "There is no Chromium: install it (on Debian: apt-get install chromium).", returncode=1
    )


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, as the machine has it."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture(scope="session")
def demo() -> Iterator[Server]:
    """The product as `make run` serves it."""
    with Server(env={"DEBUG": "1", "SIMULATE_MARKET": "1"}) as server:
        server.manage("seed_demo")
        yield server
