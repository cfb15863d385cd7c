"""Users of the tests of the engine."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def alice(db: None) -> User:
    """A user without a password."""
    return User.objects.create(username="alice")


@pytest.fixture
def user_id(alice: User) -> int:
    return int(alice.pk)


@pytest.fixture
def admin(db: None) -> Client:
    """A superuser's browser that has logged in to the admin."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("charlie"))
    return browser
