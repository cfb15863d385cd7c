"""`make image`: build the image from a bare Debian, and try it as a container without rights.

It needs root, and buildah, podman, runc and debootstrap of Debian. Nothing is pulled from a
registry of images: the base is made by debootstrap, and wheels are made on this machine, so that
the build takes its path without a network. Each claim is printed with what was seen; the first that
is wrong ends it with exit code 1.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.services.environment import ROOT
from tests.services.ports import free_port, wait_until
from tests.services.web import request

PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
BASE, IMAGE = "localhost/hoardrun-base", "localhost/hoardrun"
DEBIAN = "bookworm"
# Debian 12 has Python 3.11.2, for which redis needs it; this machine's Python may be newer.
FOR_BASE = ("async-timeout>=4.0.3",)
PODMAN = ("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs")
CONFINED = (
    "--network=host", "--no-healthcheck", "--read-only", "--tmpfs", "/tmp:rw,mode=1777",
    "--cap-drop=all", "--security-opt=no-new-privileges",
    "--ulimit", "nofile=10000:10000", "--ulimit", "nproc=1000:1000",
)  # fmt: skip
NAME = f"hoardrun-{os.getpid()}"


class Wrong(Exception):
    """A promise does not hold."""


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a program and return what it printed. Raises Wrong with its last lines."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Wrong(f"{' '.join(map(str, command[:4]))} … ended with {done.returncode}:\n{last}")
    return done.stdout


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    print(f"{text} …", end=" ", flush=True)
    began = time.monotonic()
    yield
    print(f"{time.monotonic() - began:.0f} s", flush=True)


def claim(text: str, seen: object, *, holds: bool) -> None:
    """Print a claim with what was seen. Raises Wrong if it does not hold."""
    print(f"{'ok' if holds else 'WRONG'}: {text}: {seen}", flush=True)
    if not holds:
        raise Wrong(text)


def build(folder: Path) -> None:
    """Make the base and the wheels, and build the image of what git knows."""
    with step(f"Debian {DEBIAN} by debootstrap"):
        packages = "--include=python3,python3-venv,ca-certificates"
        run("debootstrap", "--variant=minbase", packages, DEBIAN, folder / "base")
        made = run("buildah", "from", "scratch").split()[-1]
        run("buildah", "add", "-q", made, folder / "base", "/")
        run("buildah", "commit", "-q", "--rm", made, BASE)
    context = folder / "context"
    context.mkdir()
    for name in run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(
        "\0"
    ):
        if name:
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, context / name)
    with step("wheels"):
        pip = (sys.executable, "-m", "pip", "wheel", "-q", "-w", context / "wheels")
        run(*pip, "-r", "requirements.txt", *FOR_BASE)
    with step("the image"):
        run(
            "buildah", "build", "--format", "docker", "--build-arg", f"BASE={BASE}",
            "--ignorefile", "deploy/image/Dockerfile.dockerignore",
            "-f", "deploy/image/Dockerfile", "-t", IMAGE, ".", cwd=context,
        )  # fmt: skip


def contained(*words: str, options: Sequence[str]) -> str:
    """Run a command of manage.py in a container that ends with it."""
    return run(*PODMAN, "run", "--rm", *CONFINED, *options, IMAGE, *words)


def inside(script: str) -> str:
    """Run a script of the shell in the container that serves."""
    return run(*PODMAN, "exec", NAME, "sh", "-c", script).strip()


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
        run(*PODMAN, "run", "-d", "--name", NAME, *CONFINED, *options, IMAGE, *words)
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
    run(*PODMAN, "stop", "-t", "30", NAME)
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


def main() -> int:
    missing = [name for name in PROGRAMS if shutil.which(name, path="/usr/sbin:/usr/bin") is None]
    if missing or os.getuid() != 0:
        print(f"It needs root and {', '.join(PROGRAMS)}: apt-get install {' '.join(PROGRAMS)}.")
        return 2
    os.environ |= {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
    with tempfile.TemporaryDirectory(prefix="hoardrun-image-") as name:
        try:
            build(Path(name))
            try_it(Path(name))
        except Wrong as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
        finally:
            subprocess.run([*PODMAN, "rm", "-f", NAME], capture_output=True, check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
