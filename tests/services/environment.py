"""Which environment a test run has: the tests', never the developer's."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hoardrun import env
from hoardrun.options import TABLES

SETTINGS = "hoardrun.settings"
PLENTY = "1000000/min"
ROOT = Path(__file__).resolve().parents[2]


def names_settings_read() -> set[str]:
    """Return every variable that settings read."""
    return set(env.names(*TABLES))


def unlimited() -> dict[str, str]:
    """Return the variables that let one client ask as much and as fast as it likes."""
    names = names_settings_read()
    rates = {name: PLENTY for name in names if name.endswith("_RATE")}
    paces = {name: "100000" for name in names if "_PER_SECOND" in name or "BURST" in name}
    return rates | paces


def prepare() -> None:
    """Take away what the caller's shell sets, and set what tests need."""
    for name in names_settings_read():
        os.environ.pop(name, None)
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    # The tests speak plain HTTP; a redirect to HTTPS would answer every request of theirs.
    os.environ["SECURE_SSL_REDIRECT"] = "0"
    # They write as fast as they can; the tests of the throttles set it lower.
    os.environ["BROADCAST_RATE"] = os.environ["WRITE_RATE"] = PLENTY
    # Nor are their logins refused on a busy machine; what measures overload sets it lower.
    os.environ["WS_LOGIN_WAIT_SECONDS"] = "10"


def of_a_server() -> dict[str, str]:
    """Return the environment to start a server process in: no store chosen yet."""
    stores = {"DATABASE_URL", "REDIS_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in stores}
    return environment | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": SETTINGS}
