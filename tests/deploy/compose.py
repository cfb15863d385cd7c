"""`make compose`: run `deploy/compose` by podman-compose, and see that it keeps its promises.

It needs root, and podman-compose, buildah, podman, runc, debootstrap, iptables and aardvark-dns of
Debian. The images of PostgreSQL, Redis, nginx and Prometheus are replaced by one of Debian's
packages (`tests/deploy/services`), as no registry of images is asked; Grafana is in no package.
`--built` takes the images that the last run made; `--idle 600` leaves a socket alone for longer.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import ssl
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.deploy.containers import (
    IMAGE,
    Wrong,
    carry_out,
    claim,
    copy,
    debian,
    hoardrun,
    run,
    step,
)
from tests.services.environment import ROOT
from tests.services.ports import free_port, until, wait_until
from tests.services.web import request

PROGRAMS = ("podman-compose", "buildah", "podman", "runc", "debootstrap", "iptables")
SERVICES = "localhost/hoardrun-services"
PACKAGES = ("postgresql", "redis-server", "nginx-light", "prometheus")
PARTS = (
    "postgres",
    "redis",
    "migrate",
    "node1",
    "node2",
    "deliver",
    "payments",
    "nginx",
    "prometheus",
)
HOST, USER, PASSWORD = "localhost", "monitor", "correct horse battery staple"
SUBNET = "172.30.7.0/24"  # podman-compose 1.0.3 reads no `ipam`
CLIENTS = 20
# All sockets are those of one user, whose token outlives the run.
ONE_USER = {
    "ACCESS_TOKEN_MINUTES": "60",
    "WS_MAX_CONNECTIONS_PER_USER": "1000",
    "WS_MAX_LOGINS_PER_SECOND_PER_USER": "1000",
}
FORGED = "203.0.113.9"


class Deployment:
    """What `compose.yaml` starts, in a copy of the checkout."""

    def __init__(self, folder: Path) -> None:
        copy(folder)
        self.folder = folder / "deploy/compose"
        self.name = f"hoardrun{os.getpid()}"
        self.port, self.prometheus = free_port(), free_port()
        run(self.folder / "prepare", HOST)
        chosen = {
            "HOARDRUN_IMAGE": IMAGE,
            **{f"{name}_IMAGE": SERVICES for name in ("POSTGRES", "REDIS", "NGINX", "PROMETHEUS")},
            "HTTPS_PORT": f"127.0.0.1:{self.port}",
            "PROMETHEUS_PORT": str(self.prometheus),
        }
        with (self.folder / ".env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in chosen.items())
        with (self.folder / "hoardrun.env").open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in ONE_USER.items())
        self.certificate = self.folder / "tls/fullchain.pem"
        self.context = ssl.create_default_context(cafile=str(self.certificate))

    def up(self) -> None:
        run("podman", "network", "create", "--subnet", SUBNET, f"{self.name}_default")
        run("podman-compose", "-p", self.name, "up", "-d", *PARTS, cwd=self.folder)

    def down(self) -> None:
        for words in (
            ("podman-compose", "-p", self.name, "down", "-v", "-t", "20"),
            ("podman", "network", "rm", "-f", f"{self.name}_default"),
        ):
            subprocess.run(words, cwd=self.folder, capture_output=True, check=False)

    def container(self, service: str) -> str:
        return f"{self.name}_{service}_1"

    def podman(self, verb: str, service: str, *words: str) -> str:
        """Do something to the container of a service."""
        return run("podman", verb, self.container(service), *words).strip()

    def log(self, service: str) -> str:
        done = subprocess.run(
            ["podman", "logs", self.container(service)], capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    def manage(self, *words: str) -> str:
        """Run a command of manage.py in the first node."""
        return self.podman("exec", "node1", "python", "manage.py", *words)

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Send a request to nginx by HTTPS; return the status and the body."""
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=20, context=self.context)
        headers = {"Host": HOST, "Content-Type": "application/json"} | headers
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def log_in(self) -> str:
        """Return what authorizes the user."""
        body = json.dumps({"username": USER, "password": PASSWORD})
        return f"Bearer {json.loads(self.ask('POST', '/api/v1/auth/token', body)[1])['access']}"

    def nodes(self, token: str) -> int:
        """Return how many nodes report."""
        answer = self.ask("GET", "/ws/stats", Authorization=token)[1]
        return len(json.loads(answer)["data"]["nodes"])

    def query(self, text: str) -> list[dict[str, object]]:
        """Ask Prometheus."""
        url = f"http://127.0.0.1:{self.prometheus}/api/v1/query?query={text}"
        return list(request("GET", url).json()["data"]["result"])


class Device:
    """A client that comes back whenever it is closed, and remembers the codes."""

    def __init__(self, deployment: Deployment, token: str) -> None:
        self._url = f"wss://{HOST}:{deployment.port}/ws/notifications"
        self._to: dict[str, Any] = {
            "ssl": deployment.context,
            "additional_headers": {"Authorization": token},
        }
        self.is_in = False
        self.codes: Counter[int] = Counter()

    async def run(self) -> None:
        while True:
            try:
                async with connect(self._url, proxy=None, **self._to) as socket:
                    await socket.recv()
                    self.is_in = True
                    async for _ in socket:
                        pass
                    self.codes[socket.close_code or 1006] += 1
            except ConnectionClosed as error:
                self.codes[error.rcvd.code if error.rcvd else 1006] += 1
            except (OSError, InvalidStatus):
                pass
            self.is_in = False
            await asyncio.sleep(0.2)


def build(folder: Path) -> None:
    hoardrun(folder)
    debian(folder / "services", f"{SERVICES}-base", PACKAGES)
    with step("the image of the services"):
        argument = f"BASE={SERVICES}-base"
        here = ROOT / "tests/deploy/services"
        run("buildah", "build", "--format", "docker", "--build-arg", argument, "-t", SERVICES, here)


def look(deployment: Deployment) -> None:
    """See that all of it runs and that each part finds the others."""
    with step("up"):
        deployment.up()
        wait_until(deployment.ready, seconds=180, what="nginx has a node that is ready")
    state = json.loads(deployment.podman("inspect", "migrate"))[0]["State"]
    claim("migrate ran once and ended with", state["ExitCode"], holds=state["ExitCode"] == 0)
    checked = deployment.manage("check", "--deploy", "--fail-level", "WARNING").splitlines()[-1]
    claim("its settings are those of a deployment", checked, holds="no issues" in checked)
    for name in ("deliver", "payments"):
        running = json.loads(deployment.podman("inspect", name))[0]["State"]["Running"]
        claim(f"{name} runs", running, holds=running)
    script = (
        "from django.contrib.auth.models import User;"
        f"User.objects.create_superuser('{USER}', password='{PASSWORD}')"
    )
    deployment.manage("shell", "-v0", "-c", script)
    token = deployment.log_in()
    wait_until(lambda: deployment.nodes(token) == 2, seconds=60, what="both nodes serve")
    came = check_delivery(deployment)
    claim("an event arrives, from outside, by TLS", came, holds=came.startswith("It came"))
    deployment.ask("GET", "/api/v1/auth/me", **{"X-Forwarded-For": FORGED})
    lines = deployment.log("node1") + deployment.log("node2")
    claim("nobody forges an address", FORGED, holds=FORGED not in lines and "172.30.7." in lines)
    up = 'up{job="hoardrun"} == 1'.replace(" ", "%20").replace('"', "%22")
    wait_until(lambda: len(deployment.query(up)) == 2, seconds=60, what="Prometheus sees both")
    text = (ROOT / "deploy/prometheus/rules.yml").read_text()
    url = f"http://127.0.0.1:{deployment.prometheus}/api/v1/rules"
    groups = request("GET", url).json()["data"]["groups"]
    rules = sum(len(group["rules"]) for group in groups)
    claim("Prometheus has both nodes and all alerts", rules, holds=rules == text.count("- alert:"))
    page = request("GET", f"http://127.0.0.1:{deployment.prometheus}/consoles/hoardrun.html")
    claim("the dashboard is there", page.status, holds=page.status == 200)
    firing = "ALERTS{alertstate=%22firing%22}"
    wait_until(lambda: not deployment.query(firing), seconds=60, what="no alert fires")


def check_delivery(deployment: Deployment) -> str:
    """Run `manage.py check_delivery` on this machine, as a monitor elsewhere does."""
    password = deployment.folder / "password"
    password.write_text(PASSWORD)
    done = subprocess.run(
        [sys.executable, "manage.py", "check_delivery", f"--url=wss://{HOST}:{deployment.port}",
         f"--username={USER}", f"--password-file={password}"],
        env=os.environ | {"SSL_CERT_FILE": str(deployment.certificate), "SECRET_KEY": "x" * 50},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


async def roll(deployment: Deployment, idle: float) -> None:
    """Roll both nodes under clients, reload nginx, kill a node, and leave sockets alone."""
    token = deployment.log_in()
    devices = [Device(deployment, token) for _ in range(CLIENTS)]

    def all_are_in() -> bool:
        return all(each.is_in for each in devices)

    def codes() -> Counter[int]:
        return sum((each.codes for each in devices), Counter())

    async def settled() -> None:
        await until(all_are_in, seconds=90)

    def both_serve() -> bool:
        try:
            return deployment.nodes(token) == 2
        except (OSError, ValueError):
            return False

    tasks = [asyncio.create_task(each.run()) for each in devices]
    try:
        await settled()
        for name in ("node1", "node2"):
            await asyncio.to_thread(deployment.podman, "stop", name, "-t", "40")
            await asyncio.to_thread(deployment.podman, "start", name)
            await asyncio.to_thread(
                wait_until, both_serve, seconds=120, what=f"{name} serves again"
            )
            # A container may come back with another address, which nginx looks up at a reload.
            await asyncio.to_thread(deployment.podman, "exec", "nginx", "nginx", "-s", "reload")
            await settled()
        seen = dict(codes())
        claim("rolling restarts and reloads close with", seen, holds=set(seen) == {1012})
        print(f"Sockets are left alone for {idle:.0f} s.", flush=True)  # nginx waits for 75 s
        await asyncio.sleep(idle)
        claim("idle sockets outlive the proxy's limit", dict(codes()), holds=dict(codes()) == seen)
        # The first node was back first, and has them all.
        await asyncio.to_thread(deployment.podman, "kill", "node1")
        await until(lambda: codes()[1006] > 0 and all_are_in(), seconds=90)
        claim("clients of a killed node, who are all back", codes()[1006], holds=True)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    deployment.podman("stop", "node1", "-t", "40")  # else it is started again
    alert = "ALERTS{alertname=%22NodeSilent%22,alertstate=%22firing%22}"
    with step("an alert"):
        wait_until(lambda: bool(deployment.query(alert)), seconds=180, what="NodeSilent fires")
    claim("the node that is gone is alarmed", "NodeSilent", holds=True)


def main() -> int:
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--built", action="store_true", help="Take the images that are there.")
    parser.add_argument("--idle", type=float, default=240, metavar="SECONDS")
    chosen = parser.parse_args()

    def work(folder: Path) -> None:
        if not chosen.built:
            build(folder)
        deployment = Deployment(folder / "compose")
        try:
            look(deployment)
            asyncio.run(roll(deployment, chosen.idle))
        except (TimeoutError, Wrong) as error:
            last = "\n".join(deployment.log(part)[-1500:] for part in ("migrate", "node1", "nginx"))
            raise Wrong(f"{error}\n{last}") from error
        finally:
            deployment.down()

    return carry_out("compose", PROGRAMS, work)


if __name__ == "__main__":
    sys.exit(main())
