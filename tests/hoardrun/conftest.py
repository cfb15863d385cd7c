"""Alice and Bob are customers, Charlie is staff; all have passwords."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient


@pytest.fixture
def alice(db) -> User:
    return User.objects.create_user("alice", password="alice-pass")


@pytest.fixture
def bob(db) -> User:
    return User.objects.create_user("bob", password="bob-pass")


@pytest.fixture
def charlie(db) -> User:
    return User.objects.create_superuser("charlie", password="charlie-pass")


@pytest.fixture
def login() -> Callable[[User], APIClient]:
    """Return a client that is logged in as a user."""

    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return make
