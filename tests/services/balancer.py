"""nginx, HAProxy or Caddy in front of nodes, as `deploy/proxies` configures them for users."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

from hoardrun.demo.providers.certificate import write_certificate
from tests.services import reaper
from tests.services.binaries import ServerMissing
from tests.services.environment import ROOT
from tests.services.ports import free_port
from tests.services.process import Process

Kind = Literal["nginx", "haproxy", "caddy"]
KINDS: tuple[Kind, ...] = ("nginx", "haproxy")
ALL_KINDS: tuple[Kind, ...] = (*KINDS, "caddy")
FILES: Mapping[Kind, Path] = {
    "nginx": ROOT / "deploy" / "proxies" / "nginx.conf",
    "haproxy": ROOT / "deploy" / "proxies" / "haproxy.cfg",
    "caddy": ROOT / "deploy" / "proxies" / "Caddyfile",
}
HOST = "api.example.com"
NODE = "10.0.0.11:8000"  # in the files, and a second one
IDLE = 75  # seconds, in the files


class Balancer:
    """Forwards `https://127.0.0.1:<port>` to nodes of this machine, given by their ports.

    With a `prefix`, which Caddy is not given, it forwards only the paths that begin with it, and
    takes it away. With `idle`, it ends connections on which nothing comes for so many seconds.
    """

    def __init__(
        self,
        kind: Kind,
        nodes: Sequence[int],
        *,
        port: int | None = None,
        prefix: str = "",
        idle: int | None = None,
    ) -> None:
        self.kind = kind
        self.port = port or free_port()
        folder = reaper.workspace() / f"{kind}-{self.port}"
        folder.mkdir()
        self.certificate = write_certificate(folder, HOST)
        file = folder / FILES[kind].name
        changes = _changes(kind, folder, self.port, nodes)
        if prefix:
            changes |= _without(kind, prefix)
        if idle is not None:
            changes[f"{IDLE}s"] = f"{idle}s"
        file.write_text(_changed(kind, changes))
        words: dict[Kind, list[str | Path]] = {
            "nginx": ["-p", folder, "-c", file, "-g", "daemon off;"],
            "haproxy": ["-W", "-db", "-f", file],
            "caddy": ["run", "--adapter", "caddyfile", "--config", file],
        }
        self._file = file
        # Caddy keeps what it does in the home of its user.
        env = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
        self._process = Process([program(kind), *words[kind]], log=folder / "log", env=env)
        self._process.until(self._listens, seconds=10, what=f"{kind} listens")

    def context(self) -> ssl.SSLContext:
        """Trust the certificate, and nothing else."""
        return ssl.create_default_context(cafile=str(self.certificate))

    @property
    def ws_url(self) -> str:
        return f"wss://127.0.0.1:{self.port}/ws/notifications"

    def reload(self) -> None:
        """Let it read its file again, as its unit of systemd does."""
        if self.kind == "caddy":
            command = [program("caddy"), "reload", "--force", "--adapter", "caddyfile"]
            done = subprocess.run(
                [*command, "--config", self._file], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        else:
            self._process.signal(
                signal.Signals.SIGHUP if self.kind == "nginx" else signal.Signals.SIGUSR2
            )

    def kill(self) -> None:
        """Kill it, as a crash would. Does nothing the second time."""
        self._process.kill()

    def close(self) -> None:
        self._process.stop()

    def log(self) -> str:
        return self._process.log()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def program(kind: Kind) -> str:
    """Find the program; raises ServerMissing, saying what to install."""
    found = shutil.which(kind) or shutil.which(kind, path="/usr/sbin")
    if found is None:
        raise ServerMissing(f"The tests need {kind} and found none: `apt-get install {kind}`.")
    return found


def accepts(kind: Kind, file: Path) -> str:
    """Let the program check a file; return what it complains of, or ""."""
    flags = {
        "nginx": ["-t", "-q", "-c"],
        "haproxy": ["-c", "-q", "-f"],
        "caddy": ["validate", "--adapter", "caddyfile", "--config"],
    }
    checked = subprocess.run([program(kind), *flags[kind], file], capture_output=True, text=True)
    return checked.stderr if checked.returncode else ""


def _changes(kind: Kind, folder: Path, port: int, nodes: Sequence[int]) -> dict[str, str]:
    """Return what this machine has in place of what the file names."""
    if kind == "caddy":
        own = (
            f"    admin 127.0.0.1:{free_port()}\n    default_sni {HOST}\n"
            f"    auto_https disable_redirects\n"
        )
        certificate = f"tls {folder / 'fullchain.pem'} {folder / 'key.pem'}"
        return {
            "10.0.0.11:8000 10.0.0.12:8000": " ".join(f"127.0.0.1:{node}" for node in nodes),
            "{\n\tlog {": f"{{\n{own}\tlog {{",
            f"{HOST} {{": f"{HOST}:{port} {{\n    bind 127.0.0.1\n    {certificate}",
        }
    lines = [line for line in FILES[kind].read_text().splitlines() if line.strip()[:7] == "server "]
    written = [line for line in lines if "10.0.0.1" in line]
    assert len(written) == 2, f"{FILES[kind].name} names two nodes"
    one = written[0].replace(NODE, "127.0.0.1:{port}").replace("node1", "node{port}")
    changes = {
        written[0]: "\n".join(one.replace("{port}", str(node)) for node in nodes),
        f"{written[1]}\n": "",
    }
    if kind == "haproxy":
        certificate = str(folder / "both.pem")
        return changes | {
            "bind :443": f"bind 127.0.0.1:{port}",
            "/etc/haproxy/hoardrun.pem": certificate,
            "maxconn 100000": "maxconn 2000",  # which does not need root
        }
    temporary = "".join(
        f"\n    {name}_temp_path {folder / name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return changes | {
        "listen 443": f"listen 127.0.0.1:{port}",
        "/etc/ssl/hoardrun/fullchain.pem": str(folder / "fullchain.pem"),
        "/etc/ssl/hoardrun/key.pem": str(folder / "key.pem"),
        "/run/nginx.pid": str(folder / "pid"),
        "/var/log/nginx/": f"{folder}/",
        "http {": "http {" + temporary,
    }


def _without(kind: Kind, prefix: str) -> dict[str, str]:
    """Return the changes that take a prefix from the paths that nodes get."""
    if kind == "haproxy":
        take = f"http-request replace-path {prefix}(/.*) \\1"
        return {"default_backend nodes": f"{take}\n    default_backend nodes"}
    return {
        "location / {": f"location {prefix}/ {{",
        "proxy_pass http://hoardrun;": "proxy_pass http://hoardrun/;",
    }


def _changed(kind: Kind, changes: Mapping[str, str]) -> str:
    text = FILES[kind].read_text()
    for old, new in changes.items():
        assert old in text, f"{FILES[kind].name} has no {old!r}"
        text = text.replace(old, new)
    return text
