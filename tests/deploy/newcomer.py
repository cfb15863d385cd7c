"""`make newcomer`: carry out "An afternoon" of docs/production.md in a fresh Debian.

It needs root and debootstrap of Debian. The blocks of the page are run as they stand, in a chroot
with a network of its own, except that the checkout is copied, and that `tests/deploy/systemctl`
stands in for systemd, which runs in no chroot: it starts what the units say, as another user, and
what a boot would have started.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.deploy.containers import DEBIAN, Wrong, carry_out, claim, copy, run, step
from tests.services.environment import ROOT

PAGE = ROOT / "docs/production.md"
STAND_IN = ROOT / "tests/deploy/systemctl"
# What of the machine lets apt and pip reach their registries.
REACH = ("etc/resolv.conf", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt", "root/.config/pip")
PASSWORD = {"DJANGO_SUPERUSER_PASSWORD": "correct horse battery staple"}
CHANGED = {
    r"^git clone .*$": "",
    r"createsuperuser$": "createsuperuser --noinput --username admin --email admin@example.com",
}
SEEN = """
sleep 45
curl -s http://127.0.0.1:9090/consoles/hoardrun.html | grep -c '<'
curl -s 'http://127.0.0.1:9090/api/v1/query?query=sum(up)'
"""


def blocks() -> list[str]:
    """Return the blocks of the section, with what cannot be asked here changed."""
    text = PAGE.read_text()
    [section] = re.findall(r"^## An afternoon\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    for pattern, words in CHANGED.items():
        found = [re.sub(pattern, words, block, flags=re.MULTILINE) for block in found]
    return list(found)


def bare(debian: Path) -> None:
    """Make a bare Debian that reaches the registries, with the checkout in /opt/hoardrun."""
    with step(f"Debian {DEBIAN} by debootstrap"):
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", DEBIAN, debian)
    for name in REACH:
        place = Path("/", name)
        (debian / name).parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.copytree(place, debian / name, dirs_exist_ok=True)
        elif place.exists():
            shutil.copy2(place, debian / name)
    for place in (
        *Path("/etc/apt/apt.conf.d").glob("*"),
        Path("/etc/apt/sources.list.d/debian.sources"),
    ):
        if place.exists() and "docker" not in place.name:
            shutil.copy2(place, debian / place.relative_to("/"))
    (debian / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")  # apt starts nothing
    (debian / "usr/sbin/policy-rc.d").chmod(0o755)
    copy(debian / "opt/hoardrun")
    shutil.copy2(STAND_IN, debian / "usr/local/bin/systemctl")


def work(folder: Path) -> None:
    """Do the afternoon, and say how long each block took."""
    debian = folder / "debian"
    bare(debian)
    programs, *others = blocks()
    environment = os.environ | PASSWORD | {"DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}

    def do(script: str, *, inside: tuple[str, ...] = ()) -> str:
        words = [*inside, "chroot", str(debian), "bash", "-euc", script]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
            raise Wrong(f"a block ended with {done.returncode}:\n{last}")
        return done.stdout

    began = time.monotonic()
    with step("programs"):
        do(programs)
    # One shell for all of it: what runs in its namespaces ends with it.
    places = [f"/tmp/block{number}" for number in range(len(others))]
    for place, script in zip(places, [*others], strict=True):
        (debian / place[1:]).write_text(script)
    (debian / "tmp/seen").write_text(SEEN)
    order = [*places[:-1], "/tmp/seen", places[-1]]
    all_of_it = "mount -t proc proc /proc; systemctl boot\n" + "\n".join(
        f"bash -eu {place}; echo; echo '== after {place}, s:' $SECONDS" for place in order
    )
    said = do(all_of_it, inside=("unshare", "--net", "--pid", "--fork", "--mount"))
    print("\n".join(line for line in said.splitlines() if line.startswith("== ")))
    claim("nginx answers by TLS", "readyz", holds='{"status": "ok"' in said)
    claim("the dashboard has its four processes", "up", holds='"4"]' in said)
    claim("an alert fires", "NodeSilent", holds='"NodeSilent"' in said and '"firing"' in said)
    print(f"All of it took {(time.monotonic() - began) / 60:.1f} minutes of the machine.")


if __name__ == "__main__":
    sys.exit(carry_out("newcomer", ("debootstrap", "unshare"), work))
