"""What a command says when the database cannot be used: one line, and what to do."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError

# SQLite and PostgreSQL of a table or a column that there is not.
_MISSING = ("no such table", "no such column", "does not exist")
# They run what is no code of ours, whose own errors are news.
_FOREIGN = {"shell", "dbshell"}


def told(error: DatabaseError, argv: Sequence[str]) -> str:
    """Say in one line what cannot be used and what to do, for `sys.exit`.

    With --traceback, and under DEBUG, the traceback is printed before it. Raises the error
    again where it is of code that somebody typed.
    """
    if len(argv) > 1 and argv[1] in _FOREIGN:
        raise error
    if "--traceback" in argv or settings.DEBUG:
        traceback.print_exception(error, file=sys.stderr)
    reason = str(error).strip().partition("\n")[0]
    # PostgreSQL says the same of a database that there is not, while connecting.
    if any(words in reason for words in _MISSING) and "connection" not in reason:
        return (
            f"{database()} lacks what this command reads: {reason}. Run `manage.py migrate`, or "
            "set DATABASE_URL to the database that the server uses."
        )
    return (
        f"{database()} cannot be used: {reason}. Check DATABASE_URL, and that its server runs "
        "and lets you in."
    )


def database() -> str:
    """Name the database, without its password."""
    config = settings.DATABASES["default"]
    name, host, port = (str(config.get(key) or "") for key in ("NAME", "HOST", "PORT"))
    if config["ENGINE"].endswith("sqlite3"):
        return f"The database {name}"
    at = f" at {host}" if host else ""
    return f"The database {name}{at}{f':{port}' if host and port else ''}"
