"""A deployment's environment, and commands that run in it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

from tests.services.environment import ROOT, names_settings_read

GIVE_UP_SECONDS = 120


def shipped(**more: str) -> dict[str, str]:
    """Return the environment that `make lint` checks, and more."""
    return {
        "DATABASE_URL": "sqlite://:memory:",
        "ALLOWED_HOSTS": "example.com",
        "SECRET_KEY": secrets.token_urlsafe(50),
    } | more


def python(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with this environment, in which nothing else is set that settings read."""
    kept = {name: value for name, value in os.environ.items() if name not in names_settings_read()}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=kept | {"DJANGO_SETTINGS_MODULE": "hoardrun.settings"} | environment,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_SECONDS,
        check=False,
    )


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` so."""
    return python(environment, "manage.py", *words)
