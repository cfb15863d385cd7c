"""The fixtures of every test; the servers are fixtures of `tests.services.plugin`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import settings as hypothesis_settings

from tests.clients import browser_as
from tests.nodes import node
from tests.services import emptying, reaper, secrets, templates
from tests.services.plugin import run_postgres
from tests.services.server import Server

# A slow machine is no counter-example.
hypothesis_settings.register_profile("hoardrun", deadline=None)
hypothesis_settings.load_profile("hoardrun")


def pytest_configure() -> None:
    from django.conf import settings
    from rest_framework.test import APIRequestFactory

    from hoardrun import stores

    APIRequestFactory.default_format = "json"  # for requests to APIs; `Client` still sends forms

    # Slow on purpose in production; here a test would spend its time hashing passwords.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Each test client would list all static files anew; those who want one ask a real server.
    settings.SERVESTATIC_USE_FINDERS = False
    settings.SERVESTATIC_USE_STATIC_ROOT = False
    # A file: the tests use threads, and each thread would get a memory of its own.
    database = settings.DATABASES["default"]
    if database["ENGINE"] == stores.ENGINES["sqlite"]:
        database.setdefault("TEST", {})["NAME"] = str(reaper.workspace() / "test.sqlite3")
    emptying.install()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Drop no test database at the end: it goes with its server or folder anyway.

    PostgreSQL would refuse to while a pool's thread still holds a connection.
    """
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Begin with a database that has all tables; `migrate` then finds nothing to do."""
    from django.db import connection

    chosen = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        templates.copy_sqlite(templates.of_sqlite(), Path(chosen["NAME"]))
    else:
        chosen["TEMPLATE"] = run_postgres().template


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Remember what the database has before any test."""
    with django_db_blocker.unblock():
        emptying.remember()


@pytest.fixture(scope="session", autouse=True)
def _no_credential_in_any_log() -> Iterator[None]:
    """Look through what all servers of this run have printed, once it is over."""
    yield
    found = secrets.leaked_in(reaper.workspace())
    assert not found, "credentials in logs:\n" + "\n".join(found[:20])


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Leave no throttle, ticket or snapshot of one test to the next."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    """A customer."""
    return User.objects.create_user("alice", "alice@example.org", "alice-pass")


@pytest.fixture
def bob(db: None) -> User:
    """Another customer."""
    return User.objects.create_user("bob", "bob@example.org", "bob-pass")


@pytest.fixture
def charlie(db: None) -> User:
    """A superuser, who works in support."""
    return User.objects.create_superuser("charlie", "charlie@example.org", "charlie-pass")


@pytest.fixture
def support(charlie: User) -> Client:
    """Charlie's browser, logged in."""
    return browser_as(charlie)


@pytest.fixture
def wrong_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the wall clock of this node ahead, or behind; the database's stays right."""
    from django.utils import timezone

    real_now, real_time = timezone.now, time.time

    def shift(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: real_now() + by)
        monkeypatch.setattr(time, "time", lambda: real_time() + by.total_seconds())

    return shift


@pytest.fixture(scope="session")
def served() -> Iterator[Server]:
    """A node with the default settings, for all tests of this run."""
    with node(DEBUG="1", SIMULATE_MARKET="1") as server:
        yield server


@pytest.fixture(scope="session")
def strict() -> Iterator[Server]:
    """A node whose limits are low and whose patience is short."""
    with node(
        DEBUG="1",
        WS_MAX_CONNECTIONS_PER_USER="2",
        WS_MAX_MESSAGES_PER_SECOND="5",
        WS_MAX_MESSAGE_BURST="10",
        WS_AUTHENTICATE_WITHIN_SECONDS="0.5",
        WS_MAX_BUFFER_BYTES="8192",
        # The kernel ends a stuck socket after twice that, the sweep within a second of it.
        WS_STUCK_AFTER_SECONDS="3",
    ) as server:
        yield server
