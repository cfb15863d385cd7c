from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from hoardrun.market import services
from hoardrun.market.models import Quote

pytestmark = pytest.mark.django_db
FILE = b"Date,Currency,Mean\n2026-10-30,US DOLLAR,129.30\n"


@pytest.fixture
def staff(client: Client) -> Client:
    services.instruments_ensure()
    user = get_user_model().objects.create_user("alice", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="add_quote"))
    client.force_login(user)
    return client


def _post(client: Client, content: bytes, source: str = "cbk") -> str:
    given = {"source": source, "file": SimpleUploadedFile("rates.csv", content)}
    return client.post(reverse("admin:market_rates"), given, follow=True).content.decode()


def test_staff_import_a_file(staff: Client):
    page = _post(staff, FILE)
    assert "prices of USD-KES; 1 of 1 candles" in page
    assert "2026-10-30</time>" in page
    assert Quote.objects.get().source == "cbk"
    assert LogEntry.objects.get().object_id == "cbk"


@pytest.mark.parametrize(
    ("content", "source", "why"),
    [
        (b"x", "cbk", "Nothing was imported. No row has the columns"),
        (b"", "cbk", "The submitted file is empty"),
        (FILE, "bloomberg", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_told_at_the_form(staff: Client, content: bytes, source: str, why: str):
    assert why in _post(staff, content, source)
    assert not Quote.objects.exists()


def test_without_the_right_there_is_no_page(client: Client):
    client.force_login(get_user_model().objects.create_user("bob", is_staff=True))
    assert client.get(reverse("admin:market_rates")).status_code == 403
    assert client.post(reverse("admin:market_rates"), {}).status_code == 403
