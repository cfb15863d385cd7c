"""The panels of `deploy/board`: each has data where something happens, in Prometheus' own page."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright, expect

from tests.deploy import asking
from tests.deploy.busy import busy
from tests.deploy.outside import exporter
from tests.e2e.conftest import ARGUMENTS, chromium
from tests.e2e.visitor import Visitor
from tests.services.environment import ROOT
from tests.services.ports import PATIENCE, wait_until
from tests.services.prometheus import Prometheus

FOLDER = ROOT / "deploy/board"
ROWS: list[dict[str, Any]] = tomllib.loads((FOLDER / "panels.toml").read_text())["row"]
PANELS = [panel for row in ROWS for panel in row["panel"]]
CHOSEN = {"$__rate_interval": "60s", "$quantile": "0.99", "$instance": ".*"}


def test_the_dashboard_and_the_page_are_written_from_the_panels() -> None:
    command = [sys.executable, str(FOLDER / "write.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_ask_for_metrics_that_exist_and_name_labels_that_their_answers_have() -> None:
    asked = set()
    for panel in PANELS:
        for legend, expression in panel["ask"].items():
            asked |= asking.asked(expression)
            kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expression))))
            if not kept:  # no sum: all labels of the metric are left
                kept = {"instance"}
            assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= kept - {"le"}, panel["title"]
    assert len(asked) > 80


def test_grafana_finds_its_data_source_and_places_no_panel_over_another() -> None:
    made = json.loads((ROOT / "deploy/grafana/dashboards/hoardrun.json").read_text())
    nested = [panel for each in made["panels"] for panel in (each, *each.get("panels", []))]
    panels = [panel for panel in nested if panel["type"] != "row"]
    assert len(panels) == len(PANELS)
    assert len({panel["id"] for panel in nested}) == len(nested)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["datasource"]["uid"] == "${source}"
    names = {variable["name"] for variable in made["templating"]["list"]}
    assert names == {"source", "instance", "quantile"}


@pytest.mark.operation
@pytest.mark.servers
async def test_under_load_no_panel_is_empty(tmp_path: Path) -> None:
    missing = {expression for panel in PANELS for expression in panel["ask"].values()}

    def has_seen_all() -> bool:
        # Each once: on a slow machine nothing may happen to one while another has its turn.
        missing.difference_update({each for each in missing if has_data(prometheus, each)})
        return not missing

    with busy(tmp_path) as world, exporter(tmp_path / "hoardrun.prom") as machine:
        prometheus = Prometheus(world.ports, machines=[machine])
        try:
            await asyncio.to_thread(
                wait_until, has_seen_all, seconds=240, what="each panel has had data"
            )
            await look_at(prometheus)
        except TimeoutError as error:
            error.add_note("\n".join(missing))
            raise
        finally:
            prometheus.stop()


def has_data(prometheus: Prometheus, expression: str) -> bool:
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    return any(sample["value"][1] != "NaN" for sample in prometheus.query(expression))


async def look_at(prometheus: Prometheus) -> None:
    """Open all rows of the page in a browser, and see each panel draw something."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        visitor = await Visitor.open(await browser.new_context(), prometheus.page)
        page = visitor.page
        open_all = "document.querySelectorAll('details').forEach(row => row.open = true)"
        await page.evaluate(open_all)
        full = page.locator("figure[data-state=full]")
        await expect(full).to_have_count(len(PANELS), timeout=180_000 * PATIENCE)
        await expect(page.locator("#state")).to_contain_text("As of")
        assert visitor.complaints == []
        await browser.close()
