"""A real Prometheus of Debian, with the configuration of `deploy/prometheus`."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import yaml

from tests.services import web
from tests.services.binaries import ServerMissing
from tests.services.environment import ROOT
from tests.services.process import Process
from tests.services.store import Store

FOLDER = ROOT / "deploy/prometheus"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Prometheus(Store):
    """Scrape private ports of 127.0.0.1, and exporters of machines, each `interval` seconds.

    `pace` divides for how long an alert must hold before it fires; no other time of a rule.
    """

    name = "Prometheus"

    def __init__(
        self,
        ports: Iterable[int],
        *,
        machines: Iterable[int] = (),
        pace: float = 1,
        interval: int = 1,
    ) -> None:
        self.targets = {"targets.yml": list(ports), "machines.yml": list(machines)}
        self.pace = pace
        self.interval = interval
        super().__init__(f"prometheus-{secrets.token_hex(4)}")  # a second try has its own

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        """The page of the panels."""
        return f"{self.url}/consoles/hoardrun.html"

    def launch(self) -> Process:
        program = shutil.which("prometheus")
        if program is None:
            raise ServerMissing("There is no prometheus: `apt-get install prometheus`.")
        given = self.folder / "given"
        shutil.copytree(FOLDER, given, dirs_exist_ok=True)
        for name, ports in self.targets.items():
            targets = [f"127.0.0.1:{port}" for port in ports]
            (given / name).write_text(json.dumps([{"targets": targets}]))
        settings = (given / "prometheus.yml").read_text()
        often = re.sub(r"(_interval): 15s", rf"\1: {self.interval}s", settings)
        (given / "prometheus.yml").write_text(often)
        rules = (given / "rules.yml").read_text()
        (given / "rules.yml").write_text(
            re.sub(r"( for: )(\w+)", lambda m: f"{m[1]}{seconds(m[2]) / self.pace:.0f}s", rules)
        )
        return Process(
            [
                program,
                f"--config.file={given / 'prometheus.yml'}",
                f"--storage.tsdb.path={self.folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--web.console.templates={given / 'consoles'}",
                f"--web.console.libraries={given / 'consoles'}",
            ],
            log=self.folder / "log",
        )

    def answers(self) -> bool:
        try:
            return web.request("GET", f"{self.url}/-/ready").status == 200
        except OSError:
            return False

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression is now: samples with `metric` and `value`.

        Raises AssertionError with the words of Prometheus when it does not take it.
        """
        answer = web.request("GET", f"{self.url}/api/v1/query?query={quote(expression)}")
        assert answer.status == 200, f"{expression}: {answer.text}"
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def firing(self) -> dict[str, str]:
        """Return the alerts that fire, with what they say."""
        found = web.request("GET", f"{self.url}/api/v1/alerts").json()["data"]["alerts"]
        return {
            one["labels"]["alertname"]: one["annotations"]["summary"]
            for one in found
            if one["state"] == "firing"
        }


def seconds(text: str) -> int:
    """Return the seconds of a duration in the words of Prometheus, such as 1h or 90s."""
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhd])", text))


def alert_rules() -> dict[str, Any]:
    """Return the rules of `deploy/prometheus` by their alert."""
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}
