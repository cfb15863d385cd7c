"""The browser code's pure parts, under Node's own test runner."""

from __future__ import annotations

import gzip
import re
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from npm import build
from tests.services.environment import ROOT

STATIC = ROOT / "realtime" / "static" / "realtime"
BELL = (
    "bell.js", "bellpage.js", "bellstyle.js", "bellview.js", "icons.js", "inbox.js", "look.js",
    "presence.js", "shown.js", "until.js", "words.js",
)  # fmt: skip
SUITES = sorted((ROOT / "tests" / "js").glob("*.test.mjs"))


# When a person counts as there, what the badge shows, and how a tab wakes up.
REPORTED = {
    "presence.test.mjs": pytest.mark.reported(number=11),
    "push.test.mjs": pytest.mark.reported(number=10),
    "reconnecting.test.mjs": pytest.mark.operated(number=16),
}


@pytest.mark.parametrize(
    "suite",
    [pytest.param(path, id=path.name, marks=REPORTED.get(path.name, ())) for path in SUITES],
)
def test_under_node(suite: Path) -> None:
    """Node comes with what drives the browser, so that none needs to be installed."""
    node, _ = compute_driver_executable()
    ran = subprocess.run([node, "--test", suite], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "fail 0" in ran.stdout


def size(*names: str) -> int:
    """Add up what a browser loads, at the level that proxies use unless told."""
    return sum(len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in names)


def test_a_page_loads_little() -> None:
    page = ("client.js", "parts.js")
    assert size(*page) < 10_000
    assert size(*page, "shared.js", "version.js") < 12_000  # its tabs share a connection
    assert size(*page, "connection.js") < 15_000  # it has one of its own
    assert size(*page, *BELL) < 27_000  # it speaks four languages
    names = {f"settings/{path.name}" for path in (STATIC / "settings").glob("*.js")}
    others = {"settings/en.js", "settings/sw.js", "settings/lg.js"}  # one language is loaded
    assert size("settings.js", "preferences.js", *names - others) < 24_000  # where it is opened
    assert size("push.js") < 4_000  # after the bell is there
    assert size("pushworker.js") < 3_200
    assert size("worker.js", "connection.js", "parts.js", "version.js") < 15_000


@pytest.mark.parametrize("page", ["README.md", "docs/client.md"])
def test_the_docs_say_how_much_a_page_loads(page: str) -> None:
    words = " ".join((ROOT / page).read_text().split())
    said = re.search(r"loads (\d+) KB gzipped where .{,140}, and (\d+) KB where they do not", words)
    assert said, words[:400]
    client = ("client.js", "parts.js")
    measured = [size(*client, "shared.js", "version.js"), size(*client, "connection.js")]
    assert [int(number) for number in said.groups()] == [round(one / 1000) for one in measured]


def imports(name: str) -> set[str]:
    """Return the imports of a file."""
    text = (STATIC / name).read_text()
    return set(re.findall(r'^(?:import|export) [^;]*? from "\./(.+?)";$', text, re.MULTILINE))


def test_the_clients_files_import_downwards_only() -> None:
    assert imports("parts.js") == imports("version.js") == set()
    assert imports("client.js") == imports("connection.js") == {"parts.js"}
    assert imports("shared.js") == {"parts.js", "version.js"}
    assert imports("worker.js") == {"connection.js", "parts.js", "version.js"}


def test_no_files_import_each_other() -> None:
    graph = {}
    for path in STATIC.rglob("*.js"):
        pattern = r'(?:from |^import |await import\()"(\.[^"]+)"'  # not those of types
        found = re.findall(pattern, path.read_text(), re.MULTILINE)
        graph[path] = {(path.parent / name).resolve(strict=True) for name in found}
    TopologicalSorter(graph).prepare()


def test_the_packed_worker_is_one_file_that_runs_alone(tmp_path: Path) -> None:
    (tmp_path / "worker.mjs").write_text(
        "globalThis.self = globalThis; const navigator = {};\n"
        + build.worker()
        + "\nif (typeof self.onconnect !== 'function') throw new Error('it listens to nobody');"
    )
    node, _ = compute_driver_executable()
    ran = subprocess.run([node, tmp_path / "worker.mjs"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_worker_that_cannot_be_one_file_is_refused(tmp_path: Path) -> None:
    for name in build.WORKER:
        (tmp_path / name).write_text((STATIC / name).read_text())
    for change, why in [
        ('import { Client } from "./client.js";\n', "imports client.js"),
        ("export default 1;\n", "export default 1"),
        ("const pause = 1;\n", "pause stands in two modules"),
    ]:
        (tmp_path / "worker.js").write_text(change + (STATIC / "worker.js").read_text())
        with pytest.raises(ValueError, match=why):
            build.worker(tmp_path)
