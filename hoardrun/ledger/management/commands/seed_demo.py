"""`manage.py seed_demo`: create demo users as `demo.toml` says."""

from __future__ import annotations

import os
import shlex
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission, User
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from hoardrun import env, places
from hoardrun.ledger import actors
from hoardrun.ledger.demo import DATA
from hoardrun.ledger.journal.booking import book_funding
from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.journal.drafts import Place
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open, transaction_create, transaction_move
from hoardrun.options import Deployment
from notifications.services import notification_create
from realtime.management import base

DEFAULT_PORT = 8000
ANY_PORT = "PORT"  # printed if the port is not known yet
DEFAULT_SITE = f"http://127.0.0.1:{DEFAULT_PORT}"  # the default of `tail`
SEED = actors.system("seed_demo")
STAFF_ROLES = ("staff", "superuser")


class Command(base.Command):
    help = "Create the demo users with accounts, transactions and notifications (DEBUG only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="only print the logins if they exist already"
        )
        parser.add_argument("--host", default="127.0.0.1", help="where the server listens")
        parser.add_argument(
            "--port",
            type=base.whole(maximum=65535),
            help=f"where it listens; by default {DEFAULT_PORT}, as `serve` does",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logins: list[dict[str, str]] = settings.DEMO_LOGINS
        if not logins:
            raise CommandError(
                "seed_demo creates users whose passwords are public, so it runs under DEBUG=1 only."
            )
        if get_user_model() is not User:
            raise CommandError("seed_demo makes users of Django's own model, which is not in use.")
        names = [login["username"] for login in logins]
        users = get_user_model().objects.filter(username__in=names)
        if not options["once"] or users.count() < len(names):
            with transaction.atomic():
                for login in logins:
                    user = user_ensure(login)
                    if not user.is_staff:
                        seed_customer(user)
                seed_floats()
        self._print(logins, options["host"], options["port"])

    def _print(self, logins: list[dict[str, str]], host: str, port: int | None) -> None:
        self.stdout.write(f"  {'username':<10}{'password':<18}role")
        for login in logins:
            role = "staff" if _role(login) in STAFF_ROLES else "customer"
            self.stdout.write(f"  {login['username']:<10}{login['password']:<18}{role}")
        self.stdout.write("")
        site = site_of(host, DEFAULT_PORT if port is None else port)
        for what, path in (("Console", "/ws/test"), ("Admin", "/admin/"), ("API", "/api/docs")):
            self.stdout.write(f"  {what:<8} {site}{path}")
        python = shlex.quote(_here(Path(sys.executable)))
        tail = f"DEBUG=1 {_database()}{python} manage.py tail {logins[0]['username']}"
        if site != DEFAULT_SITE:
            tail += f" --url {site.replace('http', 'ws', 1)}"
        self.stdout.write(f"  {'Watch':<8} {tail}")
        staff = [login["username"] for login in logins if _role(login) in STAFF_ROLES]
        if len(staff) > 1 and settings.BROADCAST_APPROVAL_AUDIENCE == 1:
            self.stdout.write(
                f"  What {staff[0]} broadcasts to everybody waits until {staff[1]} approves it."
            )
        if settings.SIMULATE_PAYMENTS:
            self.stdout.write(f"  {logins[0]['username']} pays every ten seconds by itself.")
        if port == 0:
            self.stdout.write(f"  Put the port for {ANY_PORT} that `serve` prints.")
        elif port is None:
            self.stdout.write(f"  The port is {DEFAULT_PORT} unless `serve` was given another.")


def site_of(host: str, port: int) -> str:
    """Return the URL at which a browser on this machine finds a server that listens there."""
    if host in {"", "0.0.0.0", "::"}:  # every address of the machine: no browser opens that
        host = "::1" if host == "::" else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port or ANY_PORT}"


def _database() -> str:
    """Return the variable that makes another shell use this database; '' for the demo's own.

    A URL with a password is written to a file that only its owner can read, not printed.
    """
    given = env.read(Deployment)
    url = given.database_url
    if not url:
        return ""
    database = settings.DATABASES["default"]
    if not (database.get("PASSWORD") or any("pass" in key for key in database.get("OPTIONS", ()))):
        return f"DATABASE_URL={shlex.quote(url)} "
    file = places.var(given) / "database_url"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as kept:
        kept.write(url)
    return f'DATABASE_URL="$(cat {shlex.quote(_here(file))})" '


def _here(path: Path) -> str:
    """Write a path, relative to the current folder if it is inside."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _role(login: dict[str, str]) -> str:
    return login.get("role", "customer")


def user_ensure(login: dict[str, str]) -> User:
    """Create a demo user, or reset the password and role of an existing one."""
    role = _role(login)
    first, _, last = login["name"].partition(" ")
    name, password = login["username"], login["password"]
    user = User.objects.filter(username=name).first()
    if user is None:
        user = User(username=name, first_name=first, last_name=last)
    user.is_staff, user.is_superuser = role in STAFF_ROLES, role == "superuser"
    if not user.check_password(password):  # a new hash would end every login
        user.set_password(password)
    user.save()
    if user.is_staff:  # a superuser too, so that the rights stay if that flag is removed
        for app, names in DATA["rights"].items():
            found = Permission.objects.filter(content_type__app_label=app, codename__in=names)
            user.user_permissions.add(*found)
    return user


def seed_floats() -> None:
    """Book what we have at providers from the start, once."""
    for each in DATA["floats"]:
        provider, currency = each["provider"], each["currency"]
        there = Place(BookKind.FLOAT, currency, provider=provider)
        book_funding(there, Decimal(each["amount"]), f"demo:{provider}:{currency}")


def seed_customer(user: User) -> None:
    """Give a customer accounts, transactions and notifications, unless they have accounts."""
    if Account.objects.filter(user=user).exists():
        return
    accounts = {
        account["currency"]: account_open(user_id=user.pk, **account)
        for account in DATA["accounts"]
    }
    for number, sample in enumerate(DATA["transactions"], start=1):
        wanted = {name: value for name, value in sample.items() if name != "moves"}
        txn, _ = transaction_create(
            account_id=accounts[sample["currency"]].pk,
            reference=f"DEMO-{user.username.upper()}-{number}",
            by=SEED,
            **wanted,
        )
        for move in sample["moves"]:
            transaction_move(txn_id=txn.pk, by=SEED, **move)
    for content in DATA["notifications"]:
        notification_create(user_id=user.pk, **content)
