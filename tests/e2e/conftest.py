"""A real browser at a real server. `make e2e` runs these, two files at a time.

A process has one Chromium and each file one server. Each test has browser contexts of its own,
which share no cookies, storage or workers with those of other tests. Tests that stop, kill or
configure a server start one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Route, async_playwright, expect

from tests.e2e.visitor import token_of
from tests.services.ports import PATIENCE
from tests.services.server import Server

# The page asks for its lists every five seconds, a client sent away returns within five, and
# a machine that does other things takes as long again. A check that passes waits for none of it.
expect.set_options(timeout=15_000 * PATIENCE)

# All log in from one address, a few names as often as there are tests.
for name in ("LOGIN", "LOGIN_ADDRESS", "STRANGER", "READ"):
    os.environ[f"{name}_RATE"] = "1000000/min"

FOLDER = Path(__file__).parent
SEED = "from django.core.management import call_command; call_command('seed_demo')"
# Background requests of a browser would fail and be logged on a closed network.
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


def time_zone() -> str:
    """Name the time zone in which it is between noon and one o'clock.

    A page says "yesterday" from midnight on: no test may pass midnight while it runs.
    """
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # east of Greenwich is minus, by POSIX


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    loop_of_the_browser = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if item.path.is_relative_to(FOLDER) and pytest_asyncio.is_async_test(item):
            item.add_marker(loop_of_the_browser, append=False)  # before that of `asyncio_mode`


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _launched() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium(), args=ARGUMENTS, env={**os.environ, "TZ": time_zone()}
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(_launched: Browser) -> AsyncIterator[Browser]:
    """Chromium, as the machine has it; what a test leaves open is closed."""
    yield _launched
    for context in _launched.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> BrowserContext:
    """A profile without a past, in which a test may open tabs."""
    return await browser.new_context()


def demo_server(**env: str) -> Server:
    """Start the product with the demo's users and a market that stands still."""
    settings = {"DEBUG": "1", "DJANGO_SETTINGS_MODULE": "tests.e2e.settings"}
    return Server(env=settings | env, prepare=SEED)


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The product as `make run` serves it, for the tests of one file.

    Of a file that sets MARKET_MOVES to False the market stands still.
    """
    moves = getattr(request.module, "MARKET_MOVES", True)
    with demo_server(SIMULATE_MARKET=str(int(moves))) as server:
        yield server


@pytest.fixture
def own() -> Iterator[Server]:
    """A server of the test's own, with a market that stands still."""
    with demo_server() as server:
        yield server


@pytest.fixture
def token(demo: Server) -> str:
    """A login of Amina's, which tabs can share."""
    return token_of(demo, "amina")


async def older(route: Route) -> None:
    """Answer as if the browser did not know `light-dark()`."""
    answer = await route.fetch()
    text = (await answer.text()).replace("light-dark(", "no-such-function(")
    await route.fulfill(response=answer, body=text)
