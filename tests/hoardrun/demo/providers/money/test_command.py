"""`manage.py provider_stub`: for DEBUG only; it prints what a deployment must say."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from django.core.management import CommandError, call_command

from tests.services.environment import ROOT


def test_nobody_is_charged_by_a_stub_outside_debug(settings: Any):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1 only"):
        call_command("provider_stub")


def test_a_port_that_is_taken_is_said_in_a_line(settings: Any):
    settings.DEBUG = True
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} cannot be listened on"):
            call_command("provider_stub", "--port", str(port))


@pytest.mark.servers
def test_it_serves_and_says_where(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "manage.py", "provider_stub", "--port", str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={"DEBUG": "1", "VAR_DIR": str(tmp_path)},
    ) as ran:  # fmt: skip
        try:
            assert ran.stdout is not None
            assert next(ran.stdout) == f"Phones that pay: http://localhost:{port}/\n"
            with build_opener(ProxyHandler({})).open(f"http://127.0.0.1:{port}/") as page:
                assert b"<h1>Phones</h1>" in page.read()
            lines = [next(ran.stdout) for _ in range(5)]
            assert f"MTN_URL=http://127.0.0.1:{port}\n" in lines
        finally:
            ran.terminate()
