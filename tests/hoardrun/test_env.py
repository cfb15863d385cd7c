"""What the environment says is understood, or stops the start."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env, signing, stores
from hoardrun.api.windows import rate_of
from hoardrun.options import Deployment
from realtime.variables import declared
from tests.hoardrun.deployment import manage, read


@pytest.mark.parametrize(
    ("value", "means"),
    [("", (60, 60)), (" 5/s ", (5, 1)), ("10/hour", (10, 3600)), ("7/d", (7, 86400))],
)
def test_it_reads_rates_as_the_throttles_do(value: str, means: tuple[int, int]):
    assert rate_of(read(BROADCAST_RATE=value).broadcast_rate) == means


@pytest.mark.parametrize("value", ["60", "fast", "60/year", "0/min", "-1/min", "1.5/s", "60/min/s"])
def test_it_refuses_what_is_no_rate(value: str):
    with pytest.raises(ImproperlyConfigured, match="BROADCAST_RATE=.* is no rate: write it like"):
        read(BROADCAST_RATE=value)


@pytest.mark.parametrize(
    ("value", "means"), [("", True), ("0", False), ("OFF", False), ("yes", True), (" 1 ", True)]
)
def test_it_reads_switches(value: str, means: bool):
    assert read(CONSOLE_ENABLED=value).console_enabled is means


def test_it_refuses_what_is_neither_yes_nor_no():
    with pytest.raises(ImproperlyConfigured, match="^DEBUG='maybe' is neither yes nor no"):
        read(DEBUG="maybe")


def test_an_empty_list_is_not_the_default():
    assert read(ALLOWED_HOSTS=" ").allowed_hosts == ()
    assert read(ALLOWED_HOSTS="a, b,,").allowed_hosts == ("a", "b")


@pytest.mark.parametrize("value", ["$secret", "$$", "a$b", "$HOME"])
def test_a_text_is_taken_as_it_is(value: str):
    given = read(SECRET_KEY=f"{value} ", DEBUG="1")
    assert given.secret_key == signing.secret_key(given) == value


@pytest.mark.parametrize("value", ["", "inf", "-inf", "nan", "1e999"])
@pytest.mark.parametrize("name", ["REFRESH_TOKEN_DAYS", "DATABASE_POOL_SIZE"])
def test_it_refuses_what_is_no_finite_number(name: str, value: str):
    with pytest.raises(ImproperlyConfigured, match=f"^{name}='{value}' is not a number"):
        read(**{name: value})


@pytest.mark.parametrize(("value", "means"), [("", "INFO"), ("debug", "DEBUG"), ("ERROR", "ERROR")])
def test_it_reads_the_log_level_in_any_case(value: str, means: str):
    assert read(LOG_LEVEL=value).log_level == means


def test_it_refuses_what_is_no_log_level():
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL='LOUD' is none of DEBUG, INFO"):
        read(LOG_LEVEL="LOUD")


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
def test_it_takes_addresses_of_a_redis(url: str):
    assert read(REDIS_URL=url).redis_url == url


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
def test_it_refuses_what_is_no_address_of_a_redis(url: str):
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL is no address") as caught:
        read(REDIS_URL=url)
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
def test_it_refuses_what_is_no_database_without_a_warning(url: str):
    given = read(DATABASE_URL=url)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        stores.database(given)
    assert "sec" not in str(caught.value)


def test_it_says_which_folder_of_a_database_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    given = read(DATABASE_URL=f"sqlite:///{tmp_path}/file/db.sqlite3")
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL: the folder .*/file"):
        stores.database(given)


def test_sqlite_is_in_files_that_nobody_else_may_read(tmp_path):
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
    file.chmod(0o640)  # somebody's choice
    stores.database(given)
    assert file.stat().st_mode & 0o777 == 0o640


def test_it_says_which_database_cannot_be_made(tmp_path):
    name = "x" * 300  # longer than a file's name may be
    given = read(DATABASE_URL=f"sqlite:///{tmp_path}/{name}")
    with pytest.raises(ImproperlyConfigured, match=r"DATABASE_URL: .*x cannot be made"):
        stores.database(given)


@pytest.fixture
def demo_key(monkeypatch, tmp_path) -> Path:
    path: Path = tmp_path / "secret_key"
    monkeypatch.setattr(signing, "DEMO_KEY_FILE", path)
    return path


def test_under_debug_the_key_is_that_of_the_demo_if_there_is_one(demo_key: Path):
    assert signing.secret_key(read(DEBUG="1")) == signing.DEBUG_KEY
    demo_key.write_text("of the demo\n")
    assert signing.secret_key(read(DEBUG="1")) == "of the demo"


def test_a_variable_goes_before_the_key_of_the_demo(demo_key: Path):
    demo_key.write_text("of the demo\n")
    given = read(DEBUG="1", SECRET_KEY="of the shell")
    assert signing.secret_key(given) == "of the shell"


def test_outside_debug_the_key_of_the_demo_counts_for_nothing(demo_key: Path):
    demo_key.write_text("of the demo\n")
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is not set"):
        signing.secret_key(read())


def test_a_key_of_the_demo_that_cannot_be_read_is_named(demo_key: Path):
    demo_key.mkdir()
    with pytest.raises(ImproperlyConfigured, match="secret_key cannot be read"):
        signing.secret_key(read(DEBUG="1"))


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
    assert (config.get("HOST") or "", config.get("USER") or "", config["NAME"]) == (
        host,
        user,
        "db",
    )


def test_a_byte_order_mark_is_no_part_of_a_value(tmp_path: Path, demo_key: Path):
    given = read(DATABASE_URL="\ufeff postgres://u@h/db ")
    assert stores.database(given)["HOST"] == "h"
    demo_key.write_text("\ufeffa key\n", encoding="utf-8")
    assert signing.secret_key(read(DEBUG="1")) == "a key"
    pem = tmp_path / "key.pem"
    pem.write_bytes(b"\xef\xbb\xbf-----BEGIN")
    assert env.read_file("JWT_PRIVATE_KEY_FILE", str(pem)) == "-----BEGIN"


# -- secrets from files

SECRETS = [option.variable for option in declared(Deployment) if option.secret]
GIVEN = {
    "DATABASE_URL": "postgres://u:hush@h/db",
    "REDIS_URL": "redis://:hush@redis:6379/0",
    "JWT_SIGNING_KEY": "hush" * 10,
    "SECRET_KEY": "hush" * 10,
    "JWT_SIGNING_KEY_FALLBACKS": "hush" * 10,
    "SECRET_KEY_FALLBACKS": "hush" * 10,
}


def test_what_may_hold_a_key_or_password_is_declared_secret():
    assert set(SECRETS) == set(GIVEN)
    assert "hush" not in repr(read(**GIVEN))


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file(name: str, tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text(f"\ufeff{GIVEN[name]}\n")
    assert read(**{f"{name}_FILE": str(file)}) == read(**{name: GIVEN[name]})
    assert read(**{f"{name}_FILE": str(file), name: " "}) == read(**{name: GIVEN[name]})


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_and_its_file_together_stop_the_start(name: str):
    with pytest.raises(ImproperlyConfigured, match=f"^{name} and {name}_FILE are both") as told:
        read(**{f"{name}_FILE": "/nowhere", name: GIVEN[name]})
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "SECRET_KEY_FILE='.*' cannot be read: No such file"),
        (b"", "SECRET_KEY_FILE: the file is empty"),
        (b" \n", "SECRET_KEY_FILE: the file is empty"),
        (b"\xff\xfe", "SECRET_KEY_FILE='.*' is not a text file in UTF-8"),
    ],
)
def test_a_file_without_a_secret_stops_the_start(tmp_path: Path, content: bytes | None, says: str):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=says):
        read(SECRET_KEY_FILE=str(file))


def test_what_is_wrong_in_a_file_is_said_without_its_text(tmp_path: Path):
    file = tmp_path / "url"
    file.write_text("http://hush\n")
    with pytest.raises(ImproperlyConfigured, match="^REDIS_URL_FILE is no address") as told:
        read(REDIS_URL_FILE=str(file))
    assert "hush" not in str(told.value)


@pytest.mark.servers
def test_a_deployment_starts_on_secrets_from_files(tmp_path: Path):
    secrets = {"SECRET_KEY": "k" * 50, "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    environment = {"ALLOWED_HOSTS": "example.com"}
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    ran = manage(environment, "migrate", "-v0")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "db.sqlite3").stat().st_size > 0
    ran = manage(environment | {"SECRET_KEY": "k" * 50}, "check")
    assert ran.stderr == (
        "hoardrun is not configured: SECRET_KEY and SECRET_KEY_FILE are both set: "
        "take one of them out.\n"
    )
