"""Ours hides and refuses some things that the libraries' admin would show or allow."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client

from hoardrun.api.tokens import login_create, login_end
from hoardrun.ledger.services import account_open
from hoardrun.market.models import Instrument
from hoardrun.market.services import instruments_ensure
from realtime.models import EndedSession, IssuedToken
from tests.clients import act

USERS = "/admin/auth/user/"


def test_nobody_undoes_a_logout(support: Client, alice: User):
    refresh = login_create(user=alice).refresh
    login_end(refresh=refresh)
    for model in (IssuedToken, EndedSession):
        rows: QuerySet[Any] = model._default_manager.all()
        path = f"/admin/realtime/{model.__name__.lower()}/"
        act(support, path, "delete_selected", rows.get(), post="yes")
        support.post(f"{path}{rows.get().pk}/delete/", {"post": "yes"})
        assert rows.count() == 1


def test_staff_that_cannot_delete_a_user_is_told_to_deactivate(support: Client, alice: User):
    user = account_open(user_id=alice.pk, currency="KES").user
    one = support.get(f"{USERS}{user.pk}/delete/").content.decode()
    chosen = {"action": "delete_selected", "_selected_action": [user.pk]}
    many = support.post(USERS, chosen).content.decode()
    for page in (one, many):
        assert "Deactivate the user" in page
        assert "Yes, I" not in page
    assert f'href="{USERS}{user.pk}/change/"' in one
    assert User.objects.filter(pk=user.pk).exists()


def test_staff_that_may_delete_a_user_is_asked_to_confirm(support: Client):
    nobody = User.objects.create(username="nobody")
    page = support.get(f"{USERS}{nobody.pk}/delete/").content.decode()
    assert "Yes, I" in page
    assert "Deactivate" not in page


# -- labels for screen readers


def test_a_field_edited_in_a_list_names_its_row(support: Client) -> None:
    instruments_ensure()
    page = support.get("/admin/market/instrument/").content.decode()
    fields = re.findall(r"<(?:select|input)[^>]*name=\"form-\d+-(?:status|is_active)\"[^>]*>", page)
    labels = [re.search(r'aria-label="([^"]+)"', field) for field in fields]
    assert fields and all(labels)
    assert len({found[1] for found in labels if found}) == len(fields)


def test_the_halves_of_a_moment_have_names(support: Client) -> None:
    page = support.get("/admin/notifications/announcement/add/").content.decode()
    for name, label in (("starts_at_0", "Date"), ("ends_at_1", "Time")):
        assert re.search(rf'name="{name}"[^>]*aria-label="{label}"', page)


def test_every_page_of_a_model_has_our_style(support: Client) -> None:
    instruments_ensure()
    [key, *_] = Instrument.objects.values_list("pk", flat=True)
    for path in ("ledger/transaction/", "auth/user/", f"market/instrument/{key}/change/"):
        assert "/static/hoardrun/admin.css" in support.get(f"/admin/{path}").content.decode()
