"""`make image`: build the image from a bare Debian, and try it as a container without rights.

It needs root, and buildah, podman, runc and debootstrap of Debian.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.deploy.containers import BASE, IMAGE, carry_out, claim, hoardrun, run, step
from tests.services.ports import free_port, wait_until
from tests.services.web import request

PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
CONFINED = (
    "--network=host", "--no-healthcheck", "--read-only", "--tmpfs", "/tmp:rw,mode=1777",
    "--cap-drop=all", "--security-opt=no-new-privileges",
)  # fmt: skip
NAME = f"hoardrun-{os.getpid()}"


def contained(*words: str, options: Sequence[str]) -> str:
    """Run a command of manage.py in a container that ends with it."""
    return run("podman", "run", "--rm", *CONFINED, *options, IMAGE, *words)


def inside(script: str) -> str:
    """Run a script of the shell in the container that serves."""
    return run("podman", "exec", NAME, "sh", "-c", script).strip()


def try_it(folder: Path) -> None:
    """Serve from the image, with no rights and nothing to write to, and look."""
    store = folder / "store"
    store.mkdir()
    store.chmod(0o777)
    options = (
        "-e", f"SECRET_KEY={secrets.token_urlsafe(50)}", "-e", "ALLOWED_HOSTS=127.0.0.1",
        "-e", "SECURE_SSL_REDIRECT=0",
        "-e", "DATABASE_URL=sqlite:////store/db.sqlite3", "-v", f"{store}:/store",
    )  # fmt: skip
    with step("migrate"):
        contained("migrate", "--verbosity=0", options=options)
    port = free_port()
    words = ("serve", "--host", "127.0.0.1", "--port", str(port))
    with step("a node"):
        run("podman", "run", "-d", "--name", NAME, *CONFINED, *options, IMAGE, *words)
        wait_until(lambda: _answers(port), seconds=60, what="it serves")
    user = inside("id -u")
    claim("it runs as a user by number that is not root", user, holds=user == "10001")
    tools = inside("command -v cc gcc make pip pip3 || echo none")
    claim("it has no compiler and no pip", tools, holds=tools == "none")
    written = inside("touch /opt/hoardrun/x 2>&1 || true")
    claim("nothing of it can be written", written, holds="Read-only" in written)
    page = request("GET", f"http://127.0.0.1:{port}/static/realtime/client.js")
    claim("it serves its static files", page.status, holds=page.status == 200)
    first = inside("cat /proc/1/cmdline | tr '\\0' ' '")
    claim("`serve` is process 1", first, holds=" serve " in first)
    health = json.loads(run("podman", "image", "inspect", IMAGE))[0]["Healthcheck"]["Test"]
    health_code = health[-1].replace(":8000", f":{port}")
    claim("its health check passes", inside(f'python -c "{health_code}" && echo ok'), holds=True)
    run("podman", "stop", "-t", "30", NAME)
    state = json.loads(run("podman", "inspect", NAME))[0]["State"]
    claim("SIGTERM ends it in order", state["ExitCode"], holds=state["ExitCode"] == 0)
    size = json.loads(run("podman", "image", "inspect", IMAGE))[0]["Size"]
    base = json.loads(run("podman", "image", "inspect", BASE))[0]["Size"]
    print(f"Size: {size / 1e6:.0f} MB, {(size - base) / 1e6:.0f} beyond its base.")


def _answers(port: int) -> bool:
    try:
        return request("GET", f"http://127.0.0.1:{port}/readyz").status == 200
    except OSError:
        return False


def work(folder: Path) -> None:
    """Build and try."""
    hoardrun(folder)
    try:
        try_it(folder)
    finally:
        subprocess.run(["podman", "rm", "-f", NAME], capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(carry_out("image", PROGRAMS, work))
