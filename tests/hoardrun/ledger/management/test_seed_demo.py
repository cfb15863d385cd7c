from __future__ import annotations

import subprocess
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from hoardrun.ledger.demo import DATA
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.management.commands.seed_demo import site_of
from hoardrun.ledger.models import Account, Transaction
from notifications.models import Notification
from realtime.models import Event

LOGINS = [
    {"username": "alice", "name": "Alice Achieng", "password": "alice-pass"},
    {"username": "bob", "name": "Bob Okello", "password": "bob-pass"},
    {"username": "charlie", "name": "Charlie", "password": "charlie-pass", "role": "superuser"},
    {"username": "dora", "name": "Dora", "password": "dora-pass", "role": "staff"},
]


pytestmark = pytest.mark.django_db


@pytest.fixture
def logins(settings) -> None:
    settings.DEMO_LOGINS = LOGINS


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def user_named(name: str) -> User:
    return User.objects.get(username=name)


def rows() -> list[int]:
    return [model.objects.count() for model in (Account, Transaction, Posting, Notification, Event)]


def test_it_seeds_once_and_prints_the_logins(logins):
    out = seed("--port", "9000")
    assert "alice" in out
    assert "charlie   charlie-pass      staff" in out
    assert "http://127.0.0.1:9000/ws/test" in out
    assert "manage.py tail alice --url ws://127.0.0.1:9000\n" in out
    for login in LOGINS:
        assert authenticate(username=login["username"], password=login["password"])
    alice, dora, charlie = (user_named(name) for name in ("alice", "dora", "charlie"))
    assert charlie.is_superuser
    charlie.is_superuser = False  # users with one right each
    assert charlie.has_perms(
        f"{app}.{name}" for app, names in DATA["rights"].items() for name in names
    )
    assert not dora.is_superuser
    assert dora.has_perm("broadcasts.approve_broadcast")
    assert not alice.user_permissions.exists()
    assert not alice.is_staff
    for name in ("alice", "bob"):
        accounts = Account.objects.filter(user__username=name)
        assert set(accounts.values_list("currency", flat=True)) == {"UGX", "KES", "USD"}
        txns = Transaction.objects.filter(account__user__username=name)
        assert txns.count() >= 8
        assert txns.values("status").distinct().count() >= 6
    assert Posting.objects.filter(kind="funding", debit__kind="float").count() == 3

    before = rows()
    assert seed("--once", "--port", "9000") == seed("--port", "9000") == out
    assert rows() == before


def test_it_keeps_a_changed_password_when_run_once(logins):
    assert "manage.py tail alice\n" in seed()
    alice = user_named("alice")
    alice.set_password("her own")
    alice.save()
    seed("--once")
    assert authenticate(username="alice", password="her own")
    seed()
    assert authenticate(username="alice", password="alice-pass")


def test_it_refuses_outside_debug(settings):
    settings.DEMO_LOGINS = []
    with pytest.raises(CommandError, match="runs under DEBUG=1 only"):
        seed()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("host", "port", "site"),
    [
        ("127.0.0.1", 8000, "http://127.0.0.1:8000"),
        ("0.0.0.0", 9000, "http://127.0.0.1:9000"),
        ("::", 9000, "http://[::1]:9000"),
        ("fe80::1", 1, "http://[fe80::1]:1"),
        ("localhost", 0, "http://localhost:PORT"),
    ],
)
def test_it_names_an_address_that_a_browser_can_open(host: str, port: int, site: str):
    assert site_of(host, port) == site


def test_it_says_where_the_port_stands_that_it_cannot_know(logins, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert seed().endswith("The port is 8000 unless `serve` was given another.\n")
    assert seed("--port", "0").endswith("Put the port for PORT that `serve` prints.\n")
    assert seed("--port", "8000").endswith("manage.py tail alice\n")


def test_the_line_to_watch_names_the_database_and_prints_no_password(
    logins, monkeypatch, tmp_path, settings
):
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    database = settings.DATABASES["default"]
    monkeypatch.setitem(database, "PASSWORD", "")
    monkeypatch.setitem(database, "OPTIONS", {})
    monkeypatch.setenv("DATABASE_URL", "postgres://u@%2Frun/a b")
    assert "DEBUG=1 DATABASE_URL='postgres://u@%2Frun/a b' " in seed()
    monkeypatch.setitem(database, "PASSWORD", "a secret")
    url = "postgres://u:a%20secret@host/db"
    monkeypatch.setenv("DATABASE_URL", url)
    [line] = [line for line in seed().splitlines() if "Watch" in line]
    assert "secret" not in line
    file = tmp_path / "var" / "database_url"
    assert file.stat().st_mode & 0o777 == 0o600
    assert f'DATABASE_URL="$(cat {file})" ' in line
    words = line.split("DATABASE_URL=")[1].split(" ", 2)[:2]
    shown = subprocess.run(
        ["sh", "-c", f"printf %s {' '.join(words)}"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == url
