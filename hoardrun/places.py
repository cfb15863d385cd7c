"""The folders that the product writes into: none but these, so that all else may be read-only."""

from __future__ import annotations

from pathlib import Path

from hoardrun.env import BASE_DIR
from hoardrun.options import Deployment


def var(given: Deployment) -> Path:
    """Return the folder of the embedded database, and of the demo's key and address."""
    return BASE_DIR / (given.var_dir or "var")  # an absolute path stays as it is


def static_root(given: Deployment) -> Path:
    """Return the folder into which `collectstatic` gathers the static files."""
    return BASE_DIR / given.static_root if given.static_root else var(given) / "static"
