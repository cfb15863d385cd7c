"""`manage.py check_delivery`: it says at which step a deployment fails, for people and monitors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.nodes import ALICE, USERS, token_for
from tests.services import environment
from tests.services.ports import free_port
from tests.services.server import Server

pytestmark = pytest.mark.servers

PASSWORD = "horse battery staple"
WITH_PASSWORD = f"{USERS}\nUser.objects.create_user('monitor', password={PASSWORD!r})\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(prepare=WITH_PASSWORD) as server:
        yield server


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(token_for(ALICE) + "\n")
    return file


def run(server: Server, *arguments: object, url: str = "") -> subprocess.CompletedProcess[str]:
    words = ["--url", url or server.ws_url, *map(str, arguments)]
    return subprocess.run(
        [sys.executable, "manage.py", "check_delivery", *words],
        env=server.env, cwd=environment.ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def checked(server: Server, *arguments: object, code: int, url: str = "") -> dict[str, Any]:
    done = run(server, *arguments, "--json", url=url)
    assert (done.returncode, done.stderr) == (code, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_was_published_comes(server: Server, token_file: Path) -> None:
    found = checked(server, "--token-file", token_file, "--slow", 60, code=0)
    assert (found["ok"], found["failed_at"], found["why"]) == (True, None, "")
    assert list(found["seconds"]) == ["login", "connect", "publish", "receive"]
    assert found["seconds"]["receive"] >= found["seconds"]["publish"] > 0


def test_a_password_serves_and_its_login_is_ended(server: Server, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    words = ("--username", "monitor", "--password-file", tmp_path / "password", "--slow", 60)
    assert "It came: login " in run(server, *words).stdout
    ended = "from realtime.models import EndedSession; print(EndedSession.objects.count())"
    assert server.manage("shell", "-c", ended).strip().endswith("1")


def test_slow_is_an_exit_code_of_its_own(server: Server, token_file: Path) -> None:
    checked(server, "--token-file", token_file, "--slow", "0.001", code=1)


def test_it_says_at_which_step_it_failed(server: Server, token_file: Path, tmp_path: Path) -> None:
    nowhere = f"ws://127.0.0.1:{free_port()}"
    found = checked(server, "--token-file", token_file, "--timeout", 20, code=2, url=nowhere)
    assert found["failed_at"] == "connect"
    assert "Connect" in found["why"] or "refused" in found["why"]
    (tmp_path / "password").write_text("wrong")
    words = ("--username", "monitor", "--password-file", tmp_path / "password")
    found = checked(server, *words, code=2)
    assert found["failed_at"] == "login"
    token_file.write_text("worthless")
    found = checked(server, "--token-file", token_file, code=2)
    assert found["failed_at"] == "connect"
    assert found["seconds"].keys() == {"login"}


def test_a_frozen_node_fails_within_the_time_given(token_file: Path) -> None:
    with Server(prepare=USERS) as server:
        os.kill(server.pid, signal.SIGSTOP)
        try:
            found = checked(server, "--token-file", token_file, "--timeout", 1, code=2)
        finally:
            os.kill(server.pid, signal.SIGCONT)
    assert found["failed_at"] == "connect"
    assert "gave up after 1 s" in found["why"]


def test_the_file_of_the_node_exporter_can_be_read(server: Server, token_file: Path) -> None:
    file = token_file.with_name("hoardrun.prom")
    checked(server, "--token-file", token_file, "--textfile", file, "--slow", 60, code=0)
    families = {one.name: one for one in text_string_to_metric_families(file.read_text())}
    assert families["hoardrun_outside_check_ok"].samples[0].value == 1
    steps = [sample.labels["step"] for sample in families["hoardrun_outside_check_seconds"].samples]
    assert steps == ["login", "connect", "publish", "receive"]
    token_file.write_text("worthless")
    checked(server, "--token-file", token_file, "--textfile", file, code=2)
    families = {one.name: one for one in text_string_to_metric_families(file.read_text())}
    assert families["hoardrun_outside_check_ok"].samples[0].value == 0


@pytest.mark.parametrize(
    ("words", "url", "said"),
    [
        ((), "", "Give --token-file"),
        (("--token-file", "/nowhere/token"), "", "cannot be read"),
        (("--token-file", "TOKEN"), "https://example.com/ws/notifications", "ws://… or wss://…"),
        (("--token-file", "TOKEN", "--textfile", "/nowhere/x.prom"), "", "cannot be written"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    server: Server, token_file: Path, words: tuple[str, ...], url: str, said: str
) -> None:
    given = [str(token_file) if word == "TOKEN" else word for word in words]
    done = run(server, *given, "--timeout", 5, url=url)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
