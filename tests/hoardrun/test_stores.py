"""Which database an address means, and how a wrong one stops the start."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import stores
from tests.hoardrun.deployment import read


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://user:secret@host/name",
        "postgres:/secret",
        "postgres://user:secret@host:port/name",
        "postgres://user:sec/ret@host/name",
        "postgres://user:secret@host",
        "postgres://[::1/name",
        "sqlite://folder/file.sqlite3",
    ],
)
def test_it_refuses_what_is_no_database_without_a_warning(url: str):
    given = read(DATABASE_URL=url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        stores.database(given)
    assert "sec" not in str(caught.value)


def test_it_says_which_folder_of_a_database_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    given = read(DATABASE_URL=f"sqlite:///{tmp_path}/file/db.sqlite3")
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL: .*/file.* cannot be made"):
        stores.database(given)


def test_sqlite_files_are_readable_by_their_owner_only(tmp_path):
    file = tmp_path / "db.sqlite3"
    given = read(DATABASE_URL=f"sqlite:///{file}")
    umask = os.umask(0)
    try:
        stores.database(given)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t (a)")
            modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    finally:
        os.umask(umask)
    assert modes == {"db.sqlite3": 0o600, "db.sqlite3-wal": 0o600, "db.sqlite3-shm": 0o600}
    file.chmod(0o640)  # an operator's choice
    stores.database(given)
    assert file.stat().st_mode & 0o777 == 0o640


def test_it_says_which_database_cannot_be_made(tmp_path):
    name = "x" * 300  # longer than a file's name may be
    given = read(DATABASE_URL=f"sqlite:///{tmp_path}/{name}")
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL: .*x cannot be made"):
        stores.database(given)


@pytest.mark.parametrize(
    ("url", "host", "user"),
    [
        ("postgres://u@%2Fvar%2Frun%2Fpostgresql/db", "/var/run/postgresql", "u"),
        ("postgres://u:p%40@%2frun%2Fpg:5433/db", "/run/pg", "u"),
        ("postgres://u@db.example/db", "db.example", "u"),
        ("postgres:///db", "", ""),
    ],
)
def test_it_takes_a_folder_of_sockets_for_a_host(url: str, host: str, user: str):
    given = read(DATABASE_URL=url)
    config = stores.database(given)
    assert (config.get("HOST") or "", config.get("USER") or "") == (host, user)
    assert config["NAME"] == "db"


@pytest.mark.parametrize(
    ("places", "hosts", "ports"),
    [
        ("a:5432,b:5433", "a,b", "5432,5433"),
        ("a,b:5433", "a,b", ",5433"),
        ("a:6000,b", "a,b", "6000,"),
        ("a,b", "a,b", ""),
        ("[::1]:6000,[fe80::1],b", "::1,fe80::1,b", "6000,,"),
        ("%2Frun%2Fone,b:1", "/run/one,b", ",1"),
    ],
)
def test_several_hosts_keep_their_ports(places: str, hosts: str, ports: str):
    config = stores.database(read(DATABASE_URL=f"postgres://u:p%2C@{places}/db"))
    assert (config["HOST"], config["PORT"]) == (hosts, ports)
    assert config["PASSWORD"] == "p,"


def test_a_dead_host_leaves_time_for_the_next():
    url = "postgres://u:p@a,b,c,d/db"
    options = stores.database(read(DATABASE_URL=url))["OPTIONS"]
    assert options["pool"]["timeout"] > options["connect_timeout"] * 4
    assert options["target_session_attrs"] == "read-write"
    patient = stores.database(read(DATABASE_URL=f"{url}?connect_timeout=9"))["OPTIONS"]
    assert patient["pool"]["timeout"] > 9 * 4


def test_what_the_address_says_of_its_hosts_counts():
    url = "postgres://u:p@a,b/db?target_session_attrs=primary"
    assert stores.database(read(DATABASE_URL=url))["OPTIONS"]["target_session_attrs"] == "primary"
