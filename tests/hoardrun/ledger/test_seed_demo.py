from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from hoardrun.ledger.management.commands.seed_demo import RIGHTS
from hoardrun.ledger.models import Account, Transaction
from notifications.models import Notification
from realtime.models import Event

LOGINS = [
    {"username": "alice", "name": "Alice Achieng", "password": "alice-pass"},
    {"username": "bob", "name": "Bob Okello", "password": "bob-pass"},
    {"username": "charlie", "name": "Charlie", "password": "charlie-pass"},
]


@pytest.fixture
def logins(settings) -> None:
    settings.DEMO_LOGINS = LOGINS


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def rows() -> list[int]:
    return [model.objects.count() for model in (Account, Transaction, Notification, Event)]


@pytest.mark.django_db
def test_it_seeds_once_and_prints_whom_to_log_in_as(logins):
    out = seed("--port", "9000")
    assert "alice" in out
    assert "charlie   charlie-pass  staff" in out
    assert "http://127.0.0.1:9000/ws/test" in out
    assert "manage.py tail alice --url ws://127.0.0.1:9000\n" in out
    for login in LOGINS:
        assert authenticate(username=login["username"], password=login["password"])
    assert User.objects.get(username="charlie").is_superuser
    User.objects.filter(username="charlie").update(is_superuser=False)
    charlie = User.objects.get(username="charlie")
    assert charlie.has_perms(f"{app}.{name}" for app, names in RIGHTS.items() for name in names)
    User.objects.filter(username="charlie").update(is_superuser=True)
    assert not User.objects.get(username="alice").user_permissions.exists()
    assert not User.objects.get(username="alice").is_staff
    for name in ("alice", "bob"):
        accounts = Account.objects.filter(user__username=name)
        assert set(accounts.values_list("currency", flat=True)) == {"UGX", "KES", "USD"}
        txns = Transaction.objects.filter(account__user__username=name)
        assert txns.count() >= 8
        assert txns.values("status").distinct().count() >= 6

    before = rows()
    assert seed("--once", "--port", "9000") == seed("--port", "9000") == out
    assert rows() == before


@pytest.mark.django_db
def test_it_keeps_a_changed_password_when_run_once(logins):
    assert seed().endswith("manage.py tail alice\n")
    alice = User.objects.get(username="alice")
    alice.set_password("her own")
    alice.save()
    seed("--once")
    assert authenticate(username="alice", password="her own")
    seed()
    assert authenticate(username="alice", password="alice-pass")


@pytest.mark.django_db
def test_it_refuses_outside_debug(settings):
    settings.DEMO_LOGINS = []
    with pytest.raises(CommandError, match="runs under DEBUG=1 only"):
        seed()
    assert not User.objects.exists()
