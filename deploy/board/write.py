#!/usr/bin/env python3
"""Write Grafana's dashboard and Prometheus' console page from `panels.toml`; `--check` compares.

It needs Python 3.11 and nothing else, so that a deployment can add panels of its own.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DASHBOARD = FOLDER.parent / "grafana/dashboards/hoardrun.json"
CONSOLE = FOLDER.parent / "prometheus/consoles/hoardrun.html"
OPEN_ROWS = 4  # the others open when somebody wants them, and ask Prometheus nothing before
WIDTH = 24  # columns of Grafana's grid
NUMBER, GRAPH = (4, 4), (8, 8)  # width and height of a panel there
SOURCE = {"type": "prometheus", "uid": "${source}"}


def read() -> list[dict[str, Any]]:
    """Return the rows, each with its panels."""
    rows: list[dict[str, Any]] = tomllib.loads((FOLDER / "panels.toml").read_text())["row"]
    return rows


def dashboard(rows: list[dict[str, Any]]) -> str:
    """Return the dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for number, row in enumerate(rows):
        is_open = number < OPEN_ROWS
        title = {
            "type": "row",
            "title": row["title"],
            "collapsed": not is_open,
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            "panels": [],
        }
        placed, y = _placed(row["panel"], y + 1)
        panels += [title, *placed] if is_open else [{**title, "panels": placed}]
    numbered = [each for panel in panels for each in (panel, *panel.get("panels", []))]
    for number, panel in enumerate(numbered, start=1):
        panel["id"] = number
    return _json(
        {
            "uid": "hoardrun",
            "title": "hoardrun",
            "tags": ["hoardrun"],
            "schemaVersion": 38,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": _variables()},
            "annotations": {"list": [_alerts()]},
            "panels": panels,
        }
    )


def _placed(panels: list[dict[str, Any]], y: int) -> tuple[list[dict[str, Any]], int]:
    """Put panels beside each other as long as they fit; return them, and where the next may be."""
    found, x, height = [], 0, 0
    for panel in panels:
        w, h = NUMBER if panel.get("number") else GRAPH
        if x + w > WIDTH or (height and h != height):
            x, y, height = 0, y + height, 0
        found.append(_panel(panel, {"x": x, "y": y, "w": w, "h": h}))
        x, height = x + w, h
    return found, y + height


def _panel(panel: dict[str, Any], place: dict[str, int]) -> dict[str, Any]:
    is_number = panel.get("number", False)
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if "bad_from" in panel:
        steps.append({"color": "red", "value": panel["bad_from"]})
    if "good_from" in panel:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": panel["good_from"]}]
    defaults: dict[str, Any] = {"unit": panel.get("unit", "short"), "min": 0}
    options: dict[str, Any]
    if is_number:
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
        options = {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value"}
    else:
        del defaults["min"]
        defaults["custom"] = {"fillOpacity": 5, "showPoints": "never", "axisSoftMin": 0}
        options = {"legend": {"displayMode": "list", "placement": "bottom"}}
        options["tooltip"] = {"mode": "multi", "sort": "desc"}
    return {
        "type": "stat" if is_number else "timeseries",
        "title": panel["title"],
        "description": panel["text"],
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend,
                **({"instant": True, "range": False} if is_number else {}),
            }
            for number, (legend, expression) in enumerate(panel["ask"].items())
        ],
    }


def _variables() -> list[dict[str, Any]]:
    everything = {"text": "All", "value": "$__all"}
    quantiles = ["0.5", "0.9", "0.99", "0.999"]
    return [
        {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {
            "name": "instance",
            "label": "Process",
            "type": "query",
            "datasource": SOURCE,
            "query": 'label_values(up{job="hoardrun"}, instance)',
            "refresh": 2,
            "includeAll": True,
            "multi": True,
            "allValue": ".*",
            "current": everything,
        },
        {
            "name": "quantile",
            "label": "Quantile",
            "type": "custom",
            "query": ",".join(quantiles),
            "current": {"text": "0.99", "value": "0.99"},
            "options": [
                {"text": each, "value": each, "selected": each == "0.99"} for each in quantiles
            ],
        },
    ]


def _alerts() -> dict[str, Any]:
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": "red",
        "expr": 'ALERTS{alertstate="firing"}',
        "titleFormat": "{{alertname}}",
        "step": "60s",
    }


def console(rows: list[dict[str, Any]]) -> str:
    """Return the page for Prometheus, which expands double braces itself: legends have single."""
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    text = text.replace("{{", "{").replace("}}", "}").replace("</", "<\\/")
    page = (FOLDER / "page.html").read_text()
    for mark, content in {
        "/* page.css */": (FOLDER / "page.css").read_text(),
        "/* panels.toml */": text,
        "/* page.js */": (FOLDER / "page.js").read_text(),
    }.items():
        page = page.replace(mark, content.strip())
    return page


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    rows = read()
    made = {DASHBOARD: dashboard(rows), CONSOLE: console(rows)}
    if "--check" not in sys.argv[1:]:
        for path, text in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return 0
    old = [path.name for path, text in made.items() if path.read_text() != text]
    for name in old:
        print(f"{name} is not what panels.toml says: run python deploy/board/write.py")
    return len(old)


if __name__ == "__main__":
    sys.exit(main())
