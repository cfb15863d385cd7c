"""The npm package in a page of another application. `make npm` runs these."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import async_playwright, expect

from npm import build
from tests.e2e.conftest import ARGUMENTS, chromium
from tests.e2e.visitor import notify, token_of
from tests.services.ports import wait_until
from tests.services.server import Server

PAGE = Path(__file__).with_name("page")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """The test says what matters."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.pack(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="module")
def project(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's own project, installed as its author would."""
    folder = tmp_path_factory.mktemp("shop") / "page"
    shutil.copytree(PAGE, folder)
    shutil.copyfile(archive, folder.parent / "hoardrun-client.tgz")
    run(folder, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
    return folder


@pytest.fixture(scope="module")
def built(project: Path) -> Path:
    run(project, "npm", "run", "build")
    return project / "dist"


@pytest.fixture
def shop(built: Path) -> Iterator[str]:
    """The address of the page: a host of its own, as of an application apart from the server."""
    serve = functools.partial(_Quiet, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def run(folder: Path, *command: str) -> None:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_package_has_what_it_says_and_nothing_else(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        names = {name.removeprefix("package/") for name in packed.getnames()}
        about = json.load(packed.extractfile("package/package.json"))  # type: ignore[arg-type]
    assert names == {*about["files"], "package.json", "README.md", "LICENSE"}
    assert about["version"] in archive.name
    assert about["license"] == "BSD-3-Clause"
    for entry in about["exports"].values():
        for path in entry.values() if isinstance(entry, dict) else [entry]:
            assert path.removeprefix("./") in names
    assert all(f"{name.removesuffix('.d.ts')}.js" in names for name in build.DECLARATIONS)


def test_its_declarations_compile(project: Path) -> None:
    run(project, str(build.ROOT / "node_modules" / ".bin" / "tsc"), "--project", ".")


def test_node_can_import_it(project: Path) -> None:
    names = [
        "hoardrun-client",
        *(f"hoardrun-client/{name}" for name in ("inbox", "bell", "device")),
    ]
    code = f"for (const name of {json.dumps(names)}) await import(name)"
    run(project, "node", "--input-type=module", "--eval", code)


async def test_tabs_of_a_vite_build_share_a_socket(shop: str) -> None:
    with Server(env={"DEBUG": "1"}) as server:
        server.manage("seed_demo")
        staff, token = token_of(server, "staff"), token_of(server, "amina")
        complaints: list[str] = []
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            context = await browser.new_context()
            context.on("weberror", lambda error: complaints.append(str(error.error)))
            context.on("console", lambda words: complaints.append(words.text))
            tabs = [await context.new_page() for _ in range(2)]
            for tab in tabs:
                await tab.goto(f"{shop}/#{quote(server.url)}&{token}")
                await expect(tab.locator("#state")).to_have_text("connected")
            path = "/ws/connections?user_id=1"
            wait_until(
                lambda: len(server.request("GET", path, token=staff).json()) == 1,
                seconds=10,
                what="one socket for both tabs",
            )
            await asyncio.to_thread(notify, server, "amina", "To the shop")
            for tab in tabs:
                await expect(tab.locator("#heard")).to_have_text("To the shop")
                await expect(tab.locator("hoardrun-bell .badge")).not_to_be_empty()
            await browser.close()
        assert complaints == []
