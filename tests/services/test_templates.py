"""Databases that begin as copies have what the migrations make, and no row of anybody."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from tests.services import templates
from tests.services.environment import ROOT
from tests.services.postgres import Postgres

_COUNT = "SELECT count(*) FROM "


def test_a_copy_has_all_tables_and_the_triggers_of_records(tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite3"
    assert templates.copy_sqlite(templates.of_sqlite(), path) == f"sqlite:///{path}"
    with closing(sqlite3.connect(path)) as copy:
        made = set(copy.execute("SELECT app, name FROM django_migrations"))
        [triggers] = copy.execute(f"{_COUNT} sqlite_master WHERE type = 'trigger'")
        [users] = copy.execute(f"{_COUNT} auth_user")
    assert templates._migrations() <= made
    assert triggers > (0,) and users == (0,)


def test_postgres_copies_one_that_is_ready(postgres: Postgres) -> None:
    url = postgres.migrated("copied")
    assert templates.is_migrated(url)
    with psycopg.connect(url) as copy:
        triggers = copy.execute(f"{_COUNT} pg_trigger WHERE NOT tgisinternal").fetchone()
        rights = copy.execute(f"{_COUNT} auth_permission").fetchone()
        users = copy.execute(f"{_COUNT} auth_user").fetchone()
        copy.execute("DELETE FROM django_migrations WHERE app = 'ledger' AND name LIKE '0002%'")
    assert triggers and rights and triggers > (0,) and rights > (0,) and users == (0,)
    assert not templates.is_migrated(url)
    assert not templates.is_migrated(postgres.database("empty"))


def test_the_digest_knows_what_migrations_import() -> None:
    known = {str(path.relative_to(ROOT)) for path in templates._sources()}
    migrations = [name for name in known if "/migrations/" in name]
    assert len(migrations) > 40
    for name in migrations:
        for node in ast.walk(ast.parse((ROOT / name).read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for module in modules:
                path = module.replace(".", "/")
                if module.startswith(templates.PACKAGES) and (ROOT / f"{path}.py").is_file():
                    assert f"{path}.py" in known, name
