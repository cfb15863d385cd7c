"""Labels of the admin for screen readers."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.market.models import Instrument
from hoardrun.market.services import instruments_ensure
from tests.clients import browser_as


@pytest.fixture
def admin(db: None) -> Client:
    return browser_as(User.objects.create_superuser("root"))


def test_a_field_edited_in_a_list_names_its_row(admin: Client) -> None:
    instruments_ensure()
    page = admin.get("/admin/market/instrument/").content.decode()
    fields = re.findall(r"<(?:select|input)[^>]*name=\"form-\d+-(?:status|is_active)\"[^>]*>", page)
    labels = [re.search(r'aria-label="([^"]+)"', field) for field in fields]
    assert fields and all(labels)
    assert len({found[1] for found in labels if found}) == len(fields)


def test_the_halves_of_a_moment_have_names(admin: Client) -> None:
    page = admin.get("/admin/notifications/announcement/add/").content.decode()
    for name, label in (("starts_at_0", "Date"), ("ends_at_1", "Time")):
        assert re.search(rf'name="{name}"[^>]*aria-label="{label}"', page)


def test_every_page_of_a_model_has_our_style(admin: Client) -> None:
    instruments_ensure()
    [key, *_] = Instrument.objects.values_list("pk", flat=True)
    for path in ("ledger/transaction/", "auth/user/", f"market/instrument/{key}/change/"):
        assert "/static/hoardrun/admin.css" in admin.get(f"/admin/{path}").content.decode()
