"""The product runs where it can write into two folders only, which variables name."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hoardrun import places
from tests.hoardrun.deployment import read
from tests.services import environment, web
from tests.services.environment import ROOT
from tests.services.ports import free_port
from tests.services.process import Process

PRODUCT = ("hoardrun", "notifications", "realtime", "manage.py")
# Capabilities of root that override the permissions of files; every other user lacks them.
PRIVILEGES = "-dac_override,-dac_read_search"


def test_a_folder_may_be_anywhere():
    assert places.var(read()) == ROOT / "var"
    assert places.static_root(read()) == ROOT / "var" / "static"
    assert places.var(read(VAR_DIR="/srv/hoardrun")) == Path("/srv/hoardrun")
    assert places.static_root(read(VAR_DIR="/srv/hoardrun")) == Path("/srv/hoardrun/static")
    assert places.static_root(read(STATIC_ROOT="/srv/static")) == Path("/srv/static")
    assert places.static_root(read(STATIC_ROOT="built")) == ROOT / "built"


class Installation:
    """A copy of the product into which it cannot write, and commands that run in it."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "product"
        self.tree.mkdir()
        for name in PRODUCT:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, self.tree / name)
        self._chmod(0o555, 0o444)
        self.var, self.static = folder / "var", folder / "static"
        self.env = environment.of_a_server() | {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "VAR_DIR": str(self.var),
            "STATIC_ROOT": str(self.static),
        }

    def files(self) -> set[Path]:
        return set(self.tree.rglob("*"))

    def command(self, *words: str) -> list[str]:
        unprivileged = ["setpriv", f"--bounding-set={PRIVILEGES}"] if os.geteuid() == 0 else []
        return [*unprivileged, sys.executable, *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), cwd=self.tree, env=self.env, capture_output=True, text=True
        )

    def manage(self, *words: str) -> str:
        finished = self.run("manage.py", *words)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def close(self) -> None:
        self._chmod(0o755, 0o644)

    def _chmod(self, folder: int, file: int) -> None:
        for path in (self.tree, *self.files()):
            path.chmod(folder if path.is_dir() else file)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    found = Installation(tmp_path)
    yield found
    found.close()


@pytest.mark.servers
def test_it_runs_from_files_that_it_cannot_write(installation: Installation, tmp_path: Path):
    probe = installation.run("-c", "open('hoardrun/written', 'w')")
    assert "Permission denied" in probe.stderr
    before = installation.files()
    installation.manage("migrate", "--verbosity=0")
    assert "static files copied" in installation.manage("collectstatic", "--no-input")
    assert (installation.static / "realtime" / "client.js").is_file()
    installation.env["DEBUG"] = "1"
    installation.manage("seed_demo", "--once")
    del installation.env["DEBUG"]
    port = free_port()
    serving = installation.command("manage.py", "serve", "--port", str(port))
    server = Process(serving, log=tmp_path / "log", env=installation.env, cwd=installation.tree)
    url = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return web.request("GET", f"{url}/readyz").status == 200
        except OSError:
            return False

    server.until(ready, seconds=30, what="it is ready")
    assert web.request("GET", f"{url}/static/realtime/client.js").status == 200
    assert server.stop() == 0
    assert "Traceback" not in server.log() and "No directory" not in server.log()
    assert installation.files() == before
    assert (installation.var / "hoardrun.sqlite3").stat().st_mode & 0o777 == 0o600


@pytest.mark.servers
def test_without_a_folder_to_write_into_it_says_which_variable_names_one(
    installation: Installation,
):
    del installation.env["VAR_DIR"]
    refused = installation.run("manage.py", "check")
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert "var cannot be made: Permission denied. Set VAR_DIR" in line
