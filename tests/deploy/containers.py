"""Images and containers by buildah and podman, for `make image` and `make compose`.

Nothing is pulled from a registry of images: bases are made by debootstrap, and wheels are made on
this machine, so that the build takes its path without a network. Each claim is printed with what
was seen; the first that is wrong ends a run with exit code 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.services.environment import ROOT

DEBIAN = "bookworm"
BASE, IMAGE = "localhost/hoardrun-base", "localhost/hoardrun"
# Debian 12 has Python 3.11.2, for which redis needs it; this machine's Python may be newer.
FOR_BASE = ("async-timeout>=4.0.3",)
# It works without systemd and without the right to raise limits.
SETTINGS = """
[containers]
default_ulimits = ["nofile=10000:10000", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""


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


def debian(folder: Path, image: str, packages: Sequence[str]) -> None:
    """Make an image of a bare Debian with some packages."""
    with step(f"Debian {DEBIAN} by debootstrap, for {image}"):
        run("debootstrap", "--variant=minbase", f"--include={','.join(packages)}", DEBIAN, folder)
        made = run("buildah", "from", "scratch").split()[-1]
        run("buildah", "add", "-q", made, folder, "/")
        run("buildah", "commit", "-q", "--rm", made, image)
        shutil.rmtree(folder)


def hoardrun(folder: Path) -> None:
    """Build the image of what git knows, on a bare Debian."""
    debian(folder / "base", BASE, ("python3", "python3-venv", "ca-certificates"))
    context = folder / "context"
    copy(context)
    with step("wheels"):
        pip = (sys.executable, "-m", "pip", "wheel", "-q", "-w", context / "wheels")
        run(*pip, "-r", "requirements.txt", *FOR_BASE)
    with step("the image"):
        run(
            "buildah", "build", "--format", "docker", "--build-arg", f"BASE={BASE}",
            "--ignorefile", "deploy/image/Dockerfile.dockerignore",
            "-f", "deploy/image/Dockerfile", "-t", IMAGE, ".", cwd=context,
        )  # fmt: skip


def copy(into: Path) -> None:
    """Copy the files that git knows, or would take: not a link to a virtual environment."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.rstrip("\0").split("\0"):
        if not (ROOT / name).is_file():
            continue
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, into / name)


def carry_out(name: str, programs: Sequence[str], work: Callable[[Path], None]) -> int:
    """Do the work in a folder of its own, as root and with these programs; return the exit code."""
    missing = [each for each in programs if shutil.which(each, path="/usr/sbin:/usr/bin") is None]
    if missing or os.getuid() != 0:
        print(f"It needs root and {', '.join(programs)}: apt-get install {' '.join(programs)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix=f"hoardrun-{name}-") as folder:
        settings = Path(folder) / "containers.conf"
        settings.write_text(SETTINGS)
        os.environ |= {
            "STORAGE_DRIVER": "vfs",
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_CONF": str(settings),
        }
        try:
            work(Path(folder))
        except Wrong as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
    return 0
