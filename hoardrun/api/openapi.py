"""The parts of the OpenAPI document that concern the whole API; most are in `openapi.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

BASE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def settings(version: str, *, debug: bool) -> dict[str, Any]:
    """Return SPECTACULAR_SETTINGS."""
    found: dict[str, Any] = BASE["settings"]
    demo = " (in the demo `amina` and `amina-demo-pass`)" if debug else ""
    about = found["DESCRIPTION"].replace("{demo}", demo)
    return {**found, "DESCRIPTION": about, "VERSION": version}
