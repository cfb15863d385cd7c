"""The environment is understood, or stops the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import env, signing
from hoardrun.options import Deployment
from realtime.option_fields import declared, number, text
from tests.hoardrun.deployment import manage, read
from tests.tables import each

READ: dict[str, list[tuple[str, Any]]] = {
    "BROADCAST_RATE": [("", "60/min"), (" 5/s ", "5/s"), ("10/hour", "10/hour"), ("7/d", "7/d")],
    "CONSOLE_ENABLED": [
        *(("", True), ("0", False), ("OFF", False), ("yes", True), (" 1 ", True)),
    ],
    "ALLOWED_HOSTS": [(" ", ()), ("a, b,,", ("a", "b"))],  # an empty list is not the default
    "LOG_LEVEL": [("", "INFO"), ("debug", "DEBUG"), ("ERROR", "ERROR")],
    "REDIS_URL": [
        (url, url)
        for url in (
            *("redis://redis:6379/0", "rediss://user:pa%40ss@cache.example.com:6380/1"),
            *("redis://[2001:db8::1]:6379", "redis://:password@redis"),
            "unix:///run/redis.sock?db=1",
        )
    ],
}
NO_NUMBERS = ["", "inf", "-inf", "nan", "1e999"]
REFUSED: dict[str, tuple[str, list[str]]] = {
    "BROADCAST_RATE": (
        "BROADCAST_RATE=.* is no rate: write it like",
        ["60", "fast", "60/year", "0/min", "-1/min", "1.5/s", "60/min/s"],
    ),
    "DEBUG": ("^DEBUG='maybe' is neither yes nor no", ["maybe"]),
    "LOG_LEVEL": ("LOG_LEVEL='LOUD' is none of DEBUG, INFO", ["LOUD"]),
    "REFRESH_TOKEN_DAYS": ("^REFRESH_TOKEN_DAYS='{}' is not a number", NO_NUMBERS),
    "DATABASE_POOL_SIZE": ("^DATABASE_POOL_SIZE='{}' is not a number", NO_NUMBERS),
    "REDIS_URL": (
        "REDIS_URL is no address",
        [
            *("foo://", "nonsense", "http://redis:6379", "redis.example.com:6379"),
            *("redis://redis:secret", "redis://redis:0", "redis://redis:99999", "redis://[::1"),
        ],
    ),
}


@pytest.mark.parametrize(("name", "case"), each(READ))
def test_it_reads_each_kind_of_option(name: str, case: tuple[str, Any]):
    value, means = case
    assert getattr(read(**{name: value}), name.lower()) == means


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_and_names_what_it_does_not_understand(name: str):
    says, values = REFUSED[name]
    for value in values:
        with pytest.raises(ImproperlyConfigured, match=says.format(value)) as caught:
            read(**{name: value})
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["$secret", "$$", "a$b", "$HOME"])
def test_a_text_is_taken_as_it_is(value: str):
    given = read(SECRET_KEY=f"{value} ", DEBUG="1")
    assert given.secret_key == signing.secret_key(given) == value


def test_a_byte_order_mark_is_no_part_of_a_value(tmp_path: Path):
    assert read(DATABASE_URL="\ufeff postgres://u@h/db ").database_url == "postgres://u@h/db"
    pem = tmp_path / "key.pem"
    pem.write_bytes(b"\xef\xbb\xbf-----BEGIN")
    assert env.read_file("JWT_PRIVATE_KEY_FILE", str(pem)) == "-----BEGIN"


# -- options of an app


@dataclass(frozen=True)
class ShopOptions:
    PREFIX: ClassVar[str] = "SHOP_"

    wait_seconds: float = number(5, 1, 60)
    api_key: str = text(secret=True)
    is_test: bool = False  # set by code only


def test_an_app_declares_options_of_its_own(monkeypatch):
    assert env.read(ShopOptions) == ShopOptions(5, "", False)
    monkeypatch.setenv("SHOP_WAIT_SECONDS", "7.5")
    monkeypatch.setenv("SHOP_API_KEY", "hush")
    assert env.read(ShopOptions) == ShopOptions(7.5, "hush", False)
    assert set(env.names(ShopOptions)) == {"SHOP_WAIT_SECONDS", "SHOP_API_KEY", "SHOP_API_KEY_FILE"}
    monkeypatch.setenv("SHOP_IS_TEST", "1")
    assert env.unknown(ShopOptions) == ["SHOP_IS_TEST"]
    monkeypatch.setenv("SHOP_WAIT_SECONDS", "61")
    with pytest.raises(ImproperlyConfigured, match="^SHOP_WAIT_SECONDS='61' is out of range"):
        env.read(ShopOptions)


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


def test_options_with_a_key_or_password_are_declared_secret():
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


def test_an_error_about_a_file_does_not_show_its_text(tmp_path: Path):
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
    ran = manage(environment, "migrate", "contenttypes", "-v0")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "db.sqlite3").stat().st_size > 0
    ran = manage(environment | {"SECRET_KEY": "k" * 50}, "check")
    assert ran.stderr == (
        "hoardrun is not configured: SECRET_KEY and SECRET_KEY_FILE are both set: "
        "take one of them out.\n"
    )
