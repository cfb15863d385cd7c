"""HTTP clients that are logged in as a user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient


def api_as(user: User) -> APIClient:
    """Return a client of the HTTP API, which sends JSON."""
    client = APIClient()
    client.force_authenticate(user)
    return client


def browser_as(user: User, **options: Any) -> Client:
    """Return a browser with the user's session, for the admin and other pages."""
    browser = Client(**options)
    browser.force_login(user)
    return browser
