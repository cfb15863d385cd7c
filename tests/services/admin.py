"""A user of the admin, over HTTP, with a session and its CSRF token."""

from __future__ import annotations

import re
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

from tests.services.ports import PATIENCE


class Admin:
    """Log in, fill in forms and run change-list actions, as a browser would."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url
        self._cookies = CookieJar()
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._cookies))
        page = self.post("/admin/login/?next=/admin/", username=username, password=password)
        assert "Log out" in page, "the admin did not let us in"

    def get(self, path: str) -> str:
        """Return a page."""
        with self._opener.open(self._url + path, timeout=10 * PATIENCE) as response:
            return str(response.read().decode())

    def post(self, path: str, **fields: str) -> str:
        """Fill in the form at `path` and return the page that follows."""
        form = self.get(path)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert found, f"no form at {path}"
        body = urlencode({**fields, "csrfmiddlewaretoken": found[1]}).encode()
        with self._opener.open(self._url + path, body, timeout=10 * PATIENCE) as response:
            return str(response.read().decode())

    def act(self, path: str, action: str, row: int | str) -> str:
        """Run an action of a change list on one row."""
        return self.post(path, action=action, _selected_action=str(row), index="0")

    def announce(self, title: str) -> None:
        """Write an announcement and publish it."""
        self.post(
            "/admin/notifications/announcement/add/",
            title=title,
            message="Sunday at 22:00 UTC.",
            severity="maintenance",
            **dict.fromkeys(("starts_at_0", "starts_at_1", "ends_at_0", "ends_at_1"), ""),
            _publish="Save and publish now",
        )
