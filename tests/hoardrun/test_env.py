"""What the environment says is understood, or stops the start."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env
from hoardrun.api.windows import rate_of


@pytest.mark.parametrize(
    ("value", "means"),
    [("", (60, 60)), (" 5/s ", (5, 1)), ("10/hour", (10, 3600)), ("7/d", (7, 86400))],
)
def test_it_reads_rates_as_the_throttles_do(monkeypatch, value: str, means: tuple[int, int]):
    monkeypatch.setenv("BROADCAST_RATE", value)
    assert rate_of(env.rate("BROADCAST_RATE", "60/min")) == means


@pytest.mark.parametrize("value", ["60", "fast", "60/year", "0/min", "-1/min", "1.5/s", "60/min/s"])
def test_it_refuses_what_is_no_rate(monkeypatch, value: str):
    monkeypatch.setenv("BROADCAST_RATE", value)
    with pytest.raises(ImproperlyConfigured, match="BROADCAST_RATE=.* is no rate: write it like"):
        env.rate("BROADCAST_RATE", "60/min")


@pytest.mark.parametrize("value", ["$secret", "$$", "a$b", "$HOME"])
def test_a_text_is_taken_as_it_is(monkeypatch, value: str):
    monkeypatch.setenv("SECRET_KEY", f"{value} ")
    assert env.text("SECRET_KEY") == value
    assert env.secret_key(debug=True) == value


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("read", [env.number, env.whole])
def test_it_refuses_what_is_no_finite_number(monkeypatch, read, value: str):
    monkeypatch.setenv("WS_TICKET_SECONDS", value)
    with pytest.raises(ImproperlyConfigured, match="WS_TICKET_SECONDS"):
        read("WS_TICKET_SECONDS", 30, maximum=3600)


@pytest.mark.parametrize(("value", "means"), [("", "INFO"), ("debug", "DEBUG"), ("ERROR", "ERROR")])
def test_it_reads_the_log_level_in_any_case(monkeypatch, value: str, means: str):
    monkeypatch.setenv("LOG_LEVEL", value)
    assert env.log_level() == means


def test_it_refuses_what_is_no_log_level(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL='LOUD' is none of DEBUG, INFO"):
        env.log_level()


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis:6379/0",
        "rediss://user:pa%40ss@cache.example.com:6380/1",
        "redis://[2001:db8::1]:6379",
        "redis://:password@redis",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_it_takes_addresses_of_a_redis(monkeypatch, url: str):
    monkeypatch.setenv("REDIS_URL", url)
    assert env.redis_url() == url


@pytest.mark.parametrize(
    "url",
    [
        "foo://",
        "nonsense",
        "http://redis:6379",
        "redis.example.com:6379",
        "redis://redis:secret",
        "redis://redis:0",
        "redis://redis:99999",
        "redis://[::1",
    ],
)
def test_it_refuses_what_is_no_address_of_a_redis(monkeypatch, url: str):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL is no address") as caught:
        env.redis_url()
    assert "secret" not in str(caught.value)


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
def test_it_refuses_what_is_no_database_without_a_warning(monkeypatch, url: str):
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        env.database()
    assert "sec" not in str(caught.value)


def test_it_says_which_folder_of_a_database_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/file/db.sqlite3")
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL: the folder .*/file"):
        env.database()


def test_sqlite_is_in_files_that_nobody_else_may_read(monkeypatch, tmp_path):
    file = tmp_path / "db.sqlite3"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    umask = os.umask(0)
    try:
        env.database()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t (a)")
            modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    finally:
        os.umask(umask)
    assert modes == {"db.sqlite3": 0o600, "db.sqlite3-wal": 0o600, "db.sqlite3-shm": 0o600}
    file.chmod(0o640)  # somebody's choice
    env.database()
    assert file.stat().st_mode & 0o777 == 0o640


def test_it_says_which_database_cannot_be_made(monkeypatch, tmp_path):
    name = "x" * 300  # longer than a file's name may be
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/{name}")
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL: .*x cannot be made"):
        env.database()


@pytest.fixture
def demo_key(monkeypatch, tmp_path) -> Path:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path: Path = tmp_path / "secret_key"
    monkeypatch.setattr(env, "DEMO_KEY_FILE", path)
    return path


def test_under_debug_the_key_is_that_of_the_demo_if_there_is_one(demo_key: Path):
    assert env.secret_key(debug=True) == env.DEBUG_KEY
    demo_key.write_text("of the demo\n")
    assert env.secret_key(debug=True) == "of the demo"


def test_a_variable_goes_before_the_key_of_the_demo(monkeypatch, demo_key: Path):
    demo_key.write_text("of the demo\n")
    monkeypatch.setenv("SECRET_KEY", "of the shell")
    assert env.secret_key(debug=True) == "of the shell"


def test_outside_debug_the_key_of_the_demo_counts_for_nothing(demo_key: Path):
    demo_key.write_text("of the demo\n")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        env.secret_key(debug=False)


def test_a_key_of_the_demo_that_cannot_be_read_is_named(demo_key: Path):
    demo_key.mkdir()
    with pytest.raises(ImproperlyConfigured, match="secret_key cannot be read"):
        env.secret_key(debug=True)


@pytest.mark.parametrize(
    ("url", "host", "user"),
    [
        ("postgres://u@%2Fvar%2Frun%2Fpostgresql/db", "/var/run/postgresql", "u"),
        ("postgres://u:p%40@%2frun%2Fpg:5433/db", "/run/pg", "u"),
        ("postgres://u@db.example/db", "db.example", "u"),
        ("postgres:///db", "", ""),
    ],
)
def test_it_takes_a_folder_of_sockets_for_a_host(monkeypatch, url: str, host: str, user: str):
    monkeypatch.setenv("DATABASE_URL", url)
    config = env.database()
    assert (config.get("HOST") or "", config.get("USER") or "", config["NAME"]) == (
        host,
        user,
        "db",
    )


def test_a_byte_order_mark_is_no_part_of_a_value(monkeypatch, tmp_path: Path, demo_key: Path):
    monkeypatch.setenv("DATABASE_URL", "\ufeff postgres://u@h/db ")
    assert env.database()["HOST"] == "h"
    demo_key.write_text("\ufeffa key\n", encoding="utf-8")
    assert env.secret_key(debug=True) == "a key"
    pem = tmp_path / "key.pem"
    pem.write_bytes(b"\xef\xbb\xbf-----BEGIN")
    monkeypatch.setenv("JWT_PRIVATE_KEY_FILE", str(pem))
    assert env._pem("JWT_PRIVATE_KEY_FILE") == "-----BEGIN"
