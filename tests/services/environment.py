"""Which environment a test run has: the tests', never the developer's."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_READ = re.compile(r"""\b(?:flag|text|words|keys|number|whole|rate)\(\s*"([A-Z][A-Z0-9_]+)\"""")


def names_settings_read() -> set[str]:
    """Return every variable that settings read, taken from their own source."""
    sources = (ROOT / "hoardrun" / "settings.py", ROOT / "hoardrun" / "env.py")
    return {name for path in sources for name in _READ.findall(path.read_text())}


def prepare(workspace: Path) -> None:
    """Take away what the caller's shell sets, and set what tests need."""
    for name in names_settings_read():
        os.environ.pop(name, None)
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    # A file: the tests use threads, and each thread would get a memory of its own.
    os.environ["SQLITE_TEST_PATH"] = str(workspace / "test.sqlite3")
    # The tests speak plain HTTP; a redirect to HTTPS would answer every request of theirs.
    os.environ["SECURE_SSL_REDIRECT"] = "0"
    # They write as fast as they can; the tests of the throttles set it lower.
    os.environ["BROADCAST_RATE"] = os.environ["WRITE_RATE"] = "1000000/min"


def of_a_server() -> dict[str, str]:
    """Return the environment to start a server process in: no store chosen yet."""
    stores = {"DATABASE_URL", "REDIS_URL", "SQLITE_TEST_PATH"}
    environment = {name: value for name, value in os.environ.items() if name not in stores}
    return environment | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "hoardrun.settings"}
