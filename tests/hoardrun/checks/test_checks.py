"""Every check of a deployment fires on what it is for, and is silent on what we ship.

Those of tokens are in `test_checks_tokens`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

import pytest
from django.core import checks

from hoardrun import signing
from tests.hoardrun.deployment import OUR_ID, fires, manage, raised, shipped
from tests.services.environment import ROOT


def realtime(settings, **values: object) -> None:
    settings.REALTIME = settings.REALTIME | values


# -- the environment that is shipped, in processes that no store of the run concerns


@pytest.mark.servers
def test_the_shipped_settings_are_fit_for_production():
    ran = manage(shipped(), "check", "--deploy", "--fail-level", "WARNING")
    assert ran.returncode == 0, ran.stderr
    assert set(OUR_ID.findall(ran.stderr)) == {"hoardrun.I011"}


@pytest.mark.servers
def test_settings_that_follow_every_hint_raise_nothing():
    ran = manage(shipped(WS_ALLOW_QUERY_TOKEN="0"), "check", "--deploy", "--fail-level", "INFO")
    assert (ran.returncode, ran.stdout) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.servers
def test_a_warning_fails_the_check_of_a_deployment():
    ran = manage(shipped(SIMULATE_MARKET="1"), "check", "--deploy", "--fail-level", "WARNING")
    assert ran.returncode == 1
    assert "hoardrun.W042" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.servers
@pytest.mark.parametrize("command", ["check", "migrate", "serve"])
def test_an_error_stops_commands(command: str):
    ran = manage(shipped(WS_ALLOWED_ORIGINS="https://*.example.com"), command)
    assert ran.returncode == 1
    assert "hoardrun.E004" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_production_documents_every_check():
    folder = ROOT / "hoardrun" / "checks"
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    worded = tomllib.loads((folder / "findings.toml").read_text())
    documented = OUR_ID.findall((ROOT / "docs" / "production.md").read_text())
    assert documented == sorted(set(documented), key=lambda identifier: identifier[-3:])
    assert set(documented) == set(OUR_ID.findall(source)) == worded.keys()


# -- clients that may reach the server


@pytest.mark.parametrize("setting", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_it_warns_of_the_key_of_debug(production, setting: str):
    key = signing.DEBUG_KEY
    setattr(production, setting, key if setting == "SECRET_KEY" else [key])
    fires("hoardrun.W001")


def test_it_warns_of_any_host(production):
    production.ALLOWED_HOSTS = ["api.example.com", "*"]
    fires("hoardrun.W002")


@pytest.mark.parametrize(
    "host", ["api.example.com", "192.168.1.7", "[2001:db8::1]", ".localhost.de"]
)
def test_it_warns_of_debug_on_a_host_that_others_reach(production, host: str):
    production.DEBUG = True
    production.ALLOWED_HOSTS = ["localhost", host]
    fires("hoardrun.W003", says=host)


def test_it_lets_debug_be_on_this_machine(production):
    production.DEBUG = True
    production.ALLOWED_HOSTS = ["localhost", ".localhost", "127.0.0.1", "127.8.0.1", "[::1]"]
    assert "hoardrun.W003" not in raised()


# -- which pages


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example.com",
        "app.example.com",
        "https://app.example.com/home",
        "null",
        "https://app.example.com:none",
        "https://[::1",
    ],
)
def test_it_refuses_an_origin_of_sockets_that_no_page_has(production, origin: str):
    realtime(production, ALLOWED_ORIGINS=["https://app.example.com", origin])
    for deploy in (False, True):
        fires("hoardrun.E004", says=repr(origin), deploy=deploy)
    assert raised()["hoardrun.E004"].level == checks.ERROR


@pytest.mark.parametrize("origin", ["https://*.example.com", "null", "file://", "capacitor://"])
def test_it_refuses_an_origin_of_the_api_that_no_page_has(production, origin: str):
    production.CORS_ALLOWED_ORIGINS = ["https://app.example.com", origin]
    for deploy in (False, True):
        fires("hoardrun.E005", says=repr(origin), deploy=deploy)


def test_it_lets_the_origins_of_apps_be(production):
    apps = ["capacitor://localhost", "tauri://localhost", "http://tauri.localhost", "app://-"]
    realtime(production, ALLOWED_ORIGINS=apps)
    production.CORS_ALLOWED_ORIGINS = apps
    assert raised().keys() == {"hoardrun.I011"}
    assert not checks.run_checks(tags=["security"])  # the library's own too


@pytest.mark.parametrize("origin", ["http://app.example.com", "http://10.0.0.7:3000"])
def test_it_warns_of_pages_by_plain_http(production, origin: str):
    realtime(production, ALLOWED_ORIGINS=[origin])
    fires("hoardrun.W006", says=origin)
    realtime(production, ALLOWED_ORIGINS=[])
    production.CORS_ALLOWED_ORIGINS = [origin]
    fires("hoardrun.W006", says=origin)


def test_it_lets_pages_of_this_machine_come_by_plain_http(production):
    realtime(production, ALLOWED_ORIGINS=["http://localhost:3000", "http://[::1]:3000"])
    production.CORS_ALLOWED_ORIGINS = ["http://127.0.0.1:3000"]
    assert raised().keys() == {"hoardrun.I011"}


def test_tokens_in_addresses_are_a_hint_and_no_warning(production):
    assert raised()["hoardrun.I011"].level == checks.INFO
    realtime(production, ALLOW_QUERY_TOKEN=False)
    assert not raised()


# -- through which proxies


@pytest.mark.parametrize("proxy", ["*", "0.0.0.0/0", "::/0"])
def test_it_warns_of_trusting_everybody(production, proxy: str):
    production.TRUSTED_PROXIES = ["10.0.0.7", proxy]
    fires("hoardrun.W008", says=proxy)


@pytest.mark.parametrize("proxy", ["proxy.example.com", "10.0.0.7/24", "10.0.0", "10.0.0.7:80"])
def test_it_warns_of_a_proxy_that_is_no_address(production, proxy: str):
    production.TRUSTED_PROXIES = ["10.0.0.7", "10.1.0.0/16", "2001:db8::/32", proxy]
    fires("hoardrun.W009", says=repr(proxy))


def test_it_warns_of_a_tls_proxy_that_is_not_trusted(production):
    production.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    fires("hoardrun.W010")
    production.TRUSTED_PROXIES = ["10.0.0.7"]
    assert "hoardrun.W010" not in raised()


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


def test_it_warns_of_a_redis_that_is_open(production):
    production.REDIS_URL = "redis://redis.example.com:6379/0"
    fires("hoardrun.W032")


@pytest.mark.parametrize(
    "url",
    [
        "redis://:secret@redis.example.com",
        "redis://redis.example.com?password=secret",
        "rediss://redis.example.com",
        "redis://localhost",
    ],
)
def test_it_lets_a_redis_be_that_is_not(production, url: str):
    production.REDIS_URL = url
    assert raised().keys() == {"hoardrun.I011"}


# -- switches


@pytest.mark.parametrize(
    ("switch", "identifier"),
    [("ALLOW_LOSING_COMMITTED_EVENTS", "hoardrun.W040"), ("SIMULATE_MARKET", "hoardrun.W042")],
)
def test_it_warns_of_a_switch_for_development(production, switch: str, identifier: str):
    setattr(production, switch, True)
    fires(identifier)


def test_it_warns_of_the_echo(production):
    realtime(production, ECHO=True)
    fires("hoardrun.W041")


def test_it_lets_development_have_its_switches(production):
    production.DEBUG = production.SIMULATE_MARKET = True
    assert "hoardrun.W042" not in raised()


# -- variables


def test_it_warns_of_a_variable_that_does_not_exist(production, monkeypatch):
    monkeypatch.setenv("WS_TICKET_SECONDS", "10")
    monkeypatch.setenv("WSOME_OTHER", "10")
    assert raised(deploy=False) == {}
    monkeypatch.setenv("WS_TIKET_SECOND", "10")
    fires("hoardrun.W051", says="WS_TIKET_SECOND ", deploy=False)
    assert "WS_TICKET_SECONDS?" in str(raised()["hoardrun.W051"].hint)
