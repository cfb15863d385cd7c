"""The message of a command that cannot use the database: one line, and the advice."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError

from realtime.sql import blockers
from realtime.sql.errors import explain, reason_of

# They run what is no code of ours, whose own errors are news.
_FOREIGN = {"shell", "dbshell"}


def told(error: DatabaseError, argv: Sequence[str]) -> str:
    """Say in one line what cannot be used and what to do, for `sys.exit`.

    With --traceback, and under DEBUG, the traceback is printed before it. Raises the error
    again where it is of code typed at a shell.
    """
    if len(argv) > 1 and argv[1] in _FOREIGN:
        raise error
    if "--traceback" in argv or settings.DEBUG:
        traceback.print_exception(error, file=sys.stderr)
    reason, found = reason_of(error), explain(error)
    if found.cause == "missing_tables":
        return (
            f"{database()} lacks what this command reads: {reason}. Run `manage.py migrate`, or "
            "set DATABASE_URL to the database that the server uses."
        )
    holder = blockers.holder_for(error) if found.cause == "lock_timeout" else None
    held = f" {holder}" if holder and str(holder) not in reason else ""
    reason = reason.rstrip(".")
    return f"{database()} cannot be used: {found.says} {reason}.{held} {found.do}"


def database() -> str:
    """Name the database, without its password."""
    config = settings.DATABASES["default"]
    name, host, port = (str(config.get(key) or "") for key in ("NAME", "HOST", "PORT"))
    if config["ENGINE"].endswith("sqlite3"):
        return f"The database {name}"
    at = f" at {host}" if host else ""
    return f"The database {name}{at}{f':{port}' if host and port else ''}"
