"""The manifests of `deploy/kubernetes`: Kubernetes takes them, and they fit the product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from kubernetes_validate import validate

from hoardrun import __version__
from hoardrun.health import PROBES
from hoardrun.option_table import rows
from realtime.cluster.workers import MARGIN_SECONDS
from tests.services.environment import ROOT

FOLDER = ROOT / "deploy/kubernetes"
VERSIONS = ("1.28", "1.37")  # the oldest that they are for, and the newest that is known
FOUND = {
    f"{found['kind']} {found['metadata']['name']}": found
    for file in sorted(FOLDER.iterdir())
    for found in yaml.safe_load_all(file.read_text())
}


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the template of each pod."""
    for name, found in FOUND.items():
        spec = found.get("spec", {})
        spec = spec.get("jobTemplate", found).get("spec", spec)
        if "template" in spec:
            yield name, spec["template"]


PODS = dict(pods())
CONFIG = FOUND["ConfigMap hoardrun"]["data"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", FOUND)
def test_kubernetes_knows_every_field(name: str, version: str) -> None:
    assert validate(FOUND[name], version, strict=True)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_little_and_runs_a_command_that_there_is(name: str) -> None:
    spec = PODS[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert container["image"].endswith(f":{__version__}")
    command, *words = container["args"]
    load_command_class(str(get_commands()[command]), command).create_parser(
        "manage.py", command
    ).parse_args(words)


def test_the_image_runs_as_the_same_user() -> None:
    [user] = {pod["spec"]["securityContext"]["runAsUser"] for pod in PODS.values()}
    assert f"\nUSER {user}:{user}\n" in (ROOT / "deploy/image/Dockerfile").read_text()


def test_kubernetes_waits_for_a_node_until_its_drain_is_over() -> None:
    spec = PODS["Deployment hoardrun"]["spec"]
    drain = float(CONFIG["WS_DRAIN_DELAY_SECONDS"]) + float(CONFIG["WS_DRAIN_SECONDS"])
    assert spec["terminationGracePeriodSeconds"] >= drain + MARGIN_SECONDS
    [node] = spec["containers"]
    probe = node["readinessProbe"]
    found_out = probe["periodSeconds"] * probe["failureThreshold"]
    assert float(CONFIG["WS_DRAIN_DELAY_SECONDS"]) > found_out


def test_what_selects_pods_finds_them() -> None:
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]
    for name, found in FOUND.items():
        spec = found.get("spec", {})
        wanted = spec.get("selector") or spec.get("podSelector") or {}
        wanted = wanted.get("matchLabels", wanted)
        if wanted:
            assert any(wanted.items() <= one.items() for one in labels), name


def test_probes_ask_the_private_port_for_paths_that_answer() -> None:
    [node] = PODS["Deployment hoardrun"]["spec"]["containers"]
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = node[name]["httpGet"]
        assert asked["port"] == "metrics"
        assert PROBES.fullmatch(asked["path"])


def test_ports_and_variables_are_those_of_the_product() -> None:
    [node] = PODS["Deployment hoardrun"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in node["ports"]}
    assert ports == {"http": 8000, "metrics": int(CONFIG["METRICS_PORT"])}
    assert node["args"][-1] == "8000"
    known = {row.variable for row in rows()}
    assert CONFIG.keys() <= known
