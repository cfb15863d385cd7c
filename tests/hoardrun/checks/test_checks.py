"""Every check of a deployment fires on what it is for, and is silent on what we ship.

Those of tokens are in `test_checks_tokens`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from django.core import checks

from hoardrun import signing
from tests.hoardrun.deployment import OUR_ID, fires, manage, raised, shipped
from tests.services.environment import ROOT
from tests.tables import each


def apply(settings, given: dict[str, Any]) -> None:
    """Set settings; those of the engine are named as their variables."""
    for name, value in given.items():
        if name.startswith("WS_"):
            settings.REALTIME = settings.REALTIME | {name.removeprefix("WS_"): value}
        else:
            setattr(settings, name, value)


# -- the environment that is shipped, in processes that no store of the run concerns


@pytest.mark.servers
@pytest.mark.parametrize(
    ("more", "level", "says"),
    [({}, "WARNING", {"hoardrun.I011"}), ({"WS_ALLOW_QUERY_TOKEN": "0"}, "INFO", set())],
)
def test_the_shipped_settings_are_fit_for_production(more, level: str, says: set[str]):
    ran = manage(shipped(**more), "check", "--deploy", "--fail-level", level)
    assert ran.returncode == 0, ran.stderr
    assert set(OUR_ID.findall(ran.stderr)) == says
    assert ran.stdout == ("" if says else "System check identified no issues (0 silenced).\n")


DEPLOYED = ("check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.servers
@pytest.mark.parametrize(
    ("identifier", "name", "value", "command"),
    [
        ("W041", "WS_ECHO", "1", DEPLOYED),
        ("E090", "SIMULATE_MARKET", "1", ("serve",)),
        ("E004", "WS_ALLOWED_ORIGINS", "https://*.example.com", ("check",)),
        ("E004", "WS_ALLOWED_ORIGINS", "https://*.example.com", ("migrate",)),
        ("E004", "WS_ALLOWED_ORIGINS", "https://*.example.com", ("serve",)),
    ],
)
def test_an_error_stops_commands_and_a_warning_the_check_of_a_deployment(
    identifier: str, name: str, value: str, command: tuple[str, ...]
):
    ran = manage(shipped(**{name: value}), *command)
    assert ran.returncode == 1
    assert f"hoardrun.{identifier}" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_production_documents_every_check():
    folder = ROOT / "hoardrun" / "checks"
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    worded = tomllib.loads((folder / "findings.toml").read_text())
    documented = OUR_ID.findall((ROOT / "docs" / "production.md").read_text())
    assert documented == sorted(set(documented), key=lambda identifier: identifier[-3:])
    assert set(documented) == set(OUR_ID.findall(source)) == worded.keys()


# -- settings

APP, KEY = "https://app.example.com", signing.DEBUG_KEY
OTHERS_REACH = ["api.example.com", "192.168.1.7", "[2001:db8::1]", ".localhost.de"]
NO_PAGE_OF_SOCKETS = [
    *("*", "https://*.example.com", "app.example.com", "https://app.example.com/home", "null"),
    *("https://app.example.com:none", "https://[::1"),
]
NO_PAGE_OF_THE_API = ["https://*.example.com", "null", "file://", "capacitor://"]
NO_ADDRESS = ["proxy.example.com", "10.0.0.7/24", "10.0.0", "10.0.0.7:80"]
BY_TLS = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}
WRONG: dict[str, list[tuple[dict[str, Any], str]]] = {
    "W001": [({"SECRET_KEY": KEY}, ""), ({"SECRET_KEY_FALLBACKS": [KEY]}, "")],
    "W002": [({"ALLOWED_HOSTS": ["api.example.com", "*"]}, "")],
    "W003": [
        ({"DEBUG": True, "ALLOWED_HOSTS": ["localhost", host]}, host) for host in OTHERS_REACH
    ],
    "E004": [({"WS_ALLOWED_ORIGINS": [APP, page]}, repr(page)) for page in NO_PAGE_OF_SOCKETS],
    "E005": [({"CORS_ALLOWED_ORIGINS": [APP, page]}, repr(page)) for page in NO_PAGE_OF_THE_API],
    "W006": [
        ({"WS_ALLOWED_ORIGINS": [], "CORS_ALLOWED_ORIGINS": [], name: [plain]}, plain)
        for name in ("WS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGINS")
        for plain in ("http://app.example.com", "http://10.0.0.7:3000")
    ],
    "W008": [
        ({"TRUSTED_PROXIES": ["10.0.0.7", proxy]}, proxy) for proxy in ("*", "0.0.0.0/0", "::/0")
    ],
    "W009": [
        ({"TRUSTED_PROXIES": ["10.0.0.7", "10.1.0.0/16", "2001:db8::/32", proxy]}, repr(proxy))
        for proxy in NO_ADDRESS
    ],
    "W010": [(BY_TLS, "")],
    "W032": [({"REDIS_URL": "redis://redis.example.com:6379/0"}, "")],
    "I044": [({"DATABASE_DURABILITY": "managed"}, "")],
    "W040": [({"ALLOW_LOSING_COMMITTED_EVENTS": True}, "")],
    "W041": [({"WS_ECHO": True}, "")],
    "E090": [({"SIMULATE_MARKET": True}, ""), ({"MARKET": {"MARKET_SOURCES": ("simulator",)}}, "")],
    "E091": [({"MARKET": {"MARKET_SOURCES": ("kraken", "kraaken")}}, "'kraaken'")],
    "E092": [({"MARKET": {"MARKET_SOURCES": ("alpaca",), "MARKET_ALPACA_KEY": "K"}}, "")],
}
LOCAL = ["localhost", ".localhost", "127.0.0.1", "127.8.0.1", "[::1]"]
APPS = ["capacitor://localhost", "tauri://localhost", "http://tauri.localhost", "app://-"]
HERE = ["http://localhost:3000", "http://[::1]:3000", "http://127.0.0.1:3000"]
CLOSED_REDIS = (
    *("redis://:secret@redis.example.com", "redis://redis.example.com?password=secret"),
    *("rediss://redis.example.com", "redis://localhost"),
)
RIGHT: list[dict[str, Any]] = [
    *({"WS_ALLOWED_ORIGINS": pages, "CORS_ALLOWED_ORIGINS": pages} for pages in (APPS, HERE)),
    *({"REDIS_URL": url} for url in CLOSED_REDIS),
    BY_TLS | {"TRUSTED_PROXIES": ["10.0.0.7"]},
    {"MARKET": {"MARKET_SOURCES": ("kraken", "coinbase")}},
]


@pytest.mark.parametrize(("identifier", "case"), each(WRONG))
def test_each_check_speaks_of_what_is_wrong_and_alone(production, identifier: str, case: Any):
    given, says = case
    apply(production, given)
    is_error = identifier.startswith("E")
    for deploy in (False, True) if is_error else (True,):
        fires(f"hoardrun.{identifier}", says=says, deploy=deploy)
    assert (raised()[f"hoardrun.{identifier}"].level == checks.ERROR) is is_error


@pytest.mark.parametrize("given", RIGHT, ids=str)
def test_no_check_speaks_of_what_is_right(production, given: dict[str, Any]):
    apply(production, given)
    assert raised().keys() == {"hoardrun.I011"}
    assert not checks.run_checks(tags=["security"])  # the library's own too


@pytest.mark.parametrize(
    ("identifier", "given"),
    [("W003", {"ALLOWED_HOSTS": LOCAL}), ("E090", {"SIMULATE_MARKET": True})],
)
def test_development_may_have_its_switches(production, identifier: str, given: dict[str, Any]):
    apply(production, {"DEBUG": True, **given})
    assert f"hoardrun.{identifier}" not in raised()


def test_tokens_in_addresses_are_a_hint_and_no_warning(production):
    assert raised()["hoardrun.I011"].level == checks.INFO
    apply(production, {"WS_ALLOW_QUERY_TOKEN": False})
    assert not raised()


# -- stores


def prefixes(settings, *, layer: Iterable[tuple[str, str]], cache: str) -> None:
    config = {"hosts": [settings.REDIS_URL], **dict(layer)}
    settings.CHANNEL_LAYERS = {"default": settings.CHANNEL_LAYERS["default"] | {"CONFIG": config}}
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": cache}}


@pytest.mark.parametrize(
    ("layer", "cache"),
    [
        ({"prefix": "hoardrun"}, "hoardrun"),
        ({"prefix": "hoardrun"}, "mine"),
        ({"prefix": "mine"}, "hoardrun"),
        ({}, "mine"),
        ({"prefix": "mine"}, ""),
    ],
)
def test_it_warns_of_a_prefix_that_others_have_too(production, layer: dict[str, str], cache: str):
    prefixes(production, layer=layer.items(), cache=cache)
    fires("hoardrun.W031")
    for here in ("redis://localhost:6379", "redis://:p@127.0.0.1", "unix:///run/redis.sock", ""):
        production.REDIS_URL = here
        assert raised().keys() == {"hoardrun.I011"}


def test_it_warns_of_a_database_in_a_file_that_others_may_read(production, monkeypatch, tmp_path):
    file = tmp_path / "db.sqlite3"
    file.touch(0o600)
    database = production.DATABASES["default"]
    monkeypatch.setitem(database, "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(database, "NAME", str(file))
    assert "hoardrun.W034" not in raised()
    file.chmod(0o644)
    fires("hoardrun.W034")


# -- variables


def test_it_warns_of_a_variable_that_does_not_exist(production, monkeypatch):
    monkeypatch.setenv("WS_TICKET_SECONDS", "10")
    monkeypatch.setenv("WSOME_OTHER", "10")
    assert raised(deploy=False) == {}
    monkeypatch.setenv("WS_TIKET_SECOND", "10")
    fires("hoardrun.W051", says="WS_TIKET_SECOND ", deploy=False)
    assert "WS_TICKET_SECONDS?" in str(raised()["hoardrun.W051"].hint)


# -- texts


def test_it_refuses_a_text_that_a_channel_cannot_take(production):
    production.BRAND = replace(production.BRAND, support="the number that the card has")
    assert raised(deploy=False) == {}
    production.BRAND = replace(production.BRAND, name="x" * 200)  # no option lets that in
    fires("hoardrun.E070", says="segments", deploy=False)
