"""Users with rights, HTTP clients that are logged in as them, and the queries that they cost."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient


def staff_with(user: User, *rights: str) -> User:
    """Make a user staff with these rights and no others; return it read anew."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return User.objects.get(pk=user.pk)


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


def count_queries(client: Client, path: str) -> int:
    """Get a page and return how many queries it took."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200, path
    return len(captured)


def act(browser: Client, path: str, action: str, *rows: Any, **more: str) -> list[str]:
    """Run an action of the admin on rows; return the messages that it left."""
    form = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return said(browser.post(path, form, follow=True))


def said(answer: Any) -> list[str]:
    """Return the messages that a page of the admin shows."""
    return [str(message) for message in (answer.context or {}).get("messages", ())]
