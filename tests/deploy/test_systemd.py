"""The units of `deploy/systemd`: systemd takes them, and they fit what the product does."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from realtime.cluster.workers import MARGIN_SECONDS
from realtime.options import Options
from tests.services import binaries
from tests.services.environment import ROOT

FOLDER = ROOT / "deploy/systemd"
UNITS = sorted(each.name for each in FOLDER.iterdir())
SERVICES = [name for name in UNITS if name.endswith(".service")]
INSTALLED = "/opt/hoardrun"
MOST_EXPOSURE = 20  # tenths; systemd calls less than 2.0 "OK", a service without settings has 9.6


systemd_analyze = partial(binaries.run, "systemd-analyze", "systemd")


def read(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # case matters
    unit.read(FOLDER / name)
    return unit


def command_of(name: str) -> list[str]:
    """Return the words after manage.py."""
    words = shlex.split(read(name)["Service"]["ExecStart"].replace("\\\n", " "))
    assert words[:2] == [f"{INSTALLED}/.venv/bin/python", "manage.py"]
    return words[2:]


@pytest.mark.long
def test_systemd_understands_every_line_of_the_units(tmp_path: Path) -> None:
    installed = tmp_path / "hoardrun"
    (installed / ".venv/bin").mkdir(parents=True)
    (installed / ".venv/bin/python").symlink_to(sys.executable)
    shutil.copytree(ROOT / "docs", installed / "docs")
    for name in UNITS:
        text = (FOLDER / name).read_text().replace(INSTALLED, str(installed))
        (tmp_path / name).write_text(text)
    said = systemd_analyze("verify", "--man=no", *(tmp_path / name for name in UNITS))
    assert [line for line in said.splitlines() if "hoardrun" in line] == []


@pytest.mark.long
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little(name: str) -> None:
    said = systemd_analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", FOLDER / name
    )
    assert "Overall exposure level" in said


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_calls_a_command_with_options_that_it_has(name: str) -> None:
    command, *words = command_of(name)
    app = get_commands()[command]
    parser = load_command_class(str(app), command).create_parser("manage.py", command)
    given = [re.sub(r"\$\{CHECK_URL\}", "wss://example.com", word) for word in words]
    parser.parse_args(given)


def test_systemd_waits_for_a_node_until_its_drain_is_over() -> None:
    options = Options()
    needed = options.drain_delay_seconds + options.drain_seconds + MARGIN_SECONDS
    assert float(read("hoardrun.service")["Service"]["TimeoutStopSec"]) >= needed


def test_a_node_is_one_that_systemd_hears_from() -> None:
    service = read("hoardrun.service")["Service"]
    assert service["Type"] == "notify"
    assert float(service["WatchdogSec"]) > 0
    assert command_of("hoardrun.service")[0] == "serve"
    assert service["KillMode"] == "mixed"  # its first process drains the others


def test_each_timer_has_its_service_and_each_other_service_is_enabled() -> None:
    timers = {name.removesuffix(".timer") for name in UNITS if name.endswith(".timer")}
    for name in SERVICES:
        is_timed = name.removesuffix(".service") in timers
        assert (read(name)["Service"]["Type"] == "oneshot") == is_timed
        assert ("Install" in read(name)) != is_timed
    assert {f"{timer}.service" for timer in timers} <= set(SERVICES)
