"""The command prints URLs that take webhooks."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

BASE = "https://bank.example/app"


def test_each_url_is_one_of_ours(db: None, settings: Any) -> None:
    settings.CHANNELS = {"PUBLIC_BASE_URL": BASE, "TWILIO_AUTH_TOKEN": "k"}
    written = StringIO()
    call_command("hook_urls", "--json", stdout=written)
    urls = [each["url"] for each in json.loads(written.getvalue())]
    assert len(urls) == 5
    for url in urls:
        assert url.startswith(f"{BASE}/hooks/")
        answer = Client().post(url.removeprefix(BASE), b"", content_type="text/plain")
        assert answer.status_code in {400, 403}  # known, though it says nothing


def test_it_needs_to_know_where_we_are(settings: Any) -> None:
    settings.CHANNELS = {}
    with pytest.raises(CommandError, match="PUBLIC_BASE_URL"):
        call_command("hook_urls")
