"""The files of `deploy/compose` fit the product, and one another; `make compose` runs them."""

from __future__ import annotations

import ipaddress
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from hoardrun.option_table import rows
from realtime.cluster.workers import MARGIN_SECONDS
from tests.services.balancer import FILES
from tests.services.environment import ROOT

FOLDER = ROOT / "deploy/compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "HOARDRUN_IMAGE" in each["image"]}
NODES = {name: each for name, each in OURS.items() if "command" not in each}


def prepare(folder: Path) -> Path:
    """Run `prepare` in a copy."""
    copied = folder / "compose"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("tls", "*.env", ".env"))
    subprocess.run([copied / "prepare", "api.example.com"], check=True, stdout=subprocess.PIPE)
    return copied


def test_nginx_is_the_documented_one_with_the_names_of_the_services() -> None:
    documented = FILES["nginx"].read_text().splitlines()[1:]
    changes = {
        "10.0.0.11": "node1",
        "10.0.0.12": "node2",
        "server_name api.example.com": "server_name _",
        "/var/log/nginx/error.log": "/dev/stderr",
        "/var/log/nginx/access.log": "/dev/stdout",
    }
    wanted = "\n".join(documented)
    for old, new in changes.items():
        assert old in wanted
        wanted = wanted.replace(old, new)
    assert (FOLDER / "nginx.conf").read_text().splitlines()[1:] == wanted.splitlines()


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_that_there_is_and_may_do_little(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges"]
    assert "ports" not in service
    command, *words = service.get("command", ["serve"])
    parser = load_command_class(str(get_commands()[command]), command).create_parser("x", command)
    parser.parse_args(words)


def test_a_node_is_believed_waited_for_and_watched() -> None:
    assert set(NODES) == {"node1", "node2"}
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    [group] = yaml.safe_load((FOLDER / "targets.yml").read_text())
    for name, node in NODES.items():
        given = node["environment"]
        assert given.keys() <= {row.variable for row in rows()}
        assert given["TRUSTED_PROXIES"] == network["subnet"]
        drain = float(given["WS_DRAIN_DELAY_SECONDS"]) + float(given["WS_DRAIN_SECONDS"])
        assert float(node["stop_grace_period"].removesuffix("s")) >= drain + MARGIN_SECONDS
        assert f"{name}:{given['METRICS_PORT']}" in group["targets"]
    assert ipaddress.ip_network(network["subnet"]).is_private


def test_what_is_reached_from_elsewhere_is_nginx_alone() -> None:
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert published.pop("nginx") == ["${HTTPS_PORT:-443}:443"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_every_variable_of_the_file_has_a_default_or_comes_from_prepare(tmp_path: Path) -> None:
    folder = prepare(tmp_path)
    written = (folder / ".env").read_text()
    for name, default in re.findall(r"\$\{(\w+)(:-)?", (FOLDER / "compose.yaml").read_text()):
        assert default or f"\n{name}=" in written, name
    names = re.findall(r"^(\w+)=", (folder / "hoardrun.env").read_text(), re.MULTILINE)
    assert set(names) <= {row.variable for row in rows()}


def test_prepare_writes_secrets_that_are_new_and_closed_and_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, other = prepare(tmp_path), prepare(tmp_path / "other")
    for name in (".env", "hoardrun.env", "tls/key.pem"):
        assert (one / name).read_text() != (other / name).read_text()
        assert (one / name).stat().st_mode & 0o077 == 0
    before = (one / ".env").read_text()
    subprocess.run([one / "prepare", "api.example.com"], check=True, stdout=subprocess.PIPE)
    assert (one / ".env").read_text() == before
