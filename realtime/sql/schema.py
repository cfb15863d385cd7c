"""Compare the schema of the database with this code: which of the two is older.

Every migration of a release leaves the code of the release before it working. A migration that
does not, one that drops a column for example, comes a release later, and its name says which
release the schema needs from then on: `0012_needs_hoardrun_0_3_drop_channels`. Older code knows by
such a name that it must not serve, although it has never seen the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

_NEEDS = re.compile(r"\d{4}_needs_hoardrun_(\d+)_(\d+)(?:_|$)")


class Unfit(Exception):
    """The schema and this code do not fit. `word` is public, the text is advice for operators."""

    word: str


class Behind(Unfit):
    """The database lacks migrations of this code."""

    word = "missing"


class Ahead(Unfit):
    """The database has a migration that needs newer code."""

    word = "newer"


def require_applied() -> None:
    """Raise Behind unless the database has every migration of this code. It takes some 30 ms."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Behind("The database is not up to date: run `manage.py migrate` first.")


def require_known(version: str) -> None:
    """Raise Ahead if the database has a migration that needs newer code than `version`.

    One query, of a database that has Django's table of migrations.
    """
    applied = MigrationRecorder.Migration.objects.filter(name__contains="_needs_hoardrun_")
    names = [f"{app}.{name}" for app, name in applied.values_list("app", "name")]
    if unknown := needing_newer(names, version):
        raise Ahead(
            f"The database is of a newer release: {', '.join(unknown)} needs newer code than "
            f"{version}. Start that release here, or stop this node."
        )


def needs(migration: str) -> tuple[int, int] | None:
    """Return major and minor of the release that a migration's name says it needs."""
    found = _NEEDS.match(migration)
    return (int(found[1]), int(found[2])) if found else None


def needing_newer(migrations: Iterable[str], version: str) -> list[str]:
    """Return those of `app.name` that need a newer release than `version`, in order."""
    major, minor = map(int, version.split(".")[:2])
    return sorted(
        name for name in migrations if (needs(name.rpartition(".")[2]) or (0, 0)) > (major, minor)
    )
