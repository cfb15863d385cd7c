"""What the libraries' admin would show or let do, and ours does not."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client

from hoardrun.api.tokens import login_create, login_end
from hoardrun.ledger.services import account_open
from realtime.models import EndedSession, IssuedToken

USERS = "/admin/auth/user/"


def test_nobody_undoes_a_logout(support: Client, alice: User):
    refresh = login_create(user=alice).refresh
    login_end(refresh=refresh)
    for model in (IssuedToken, EndedSession):
        rows: QuerySet[Any] = model._default_manager.all()
        path = f"/admin/realtime/{model.__name__.lower()}/"
        pk = rows.get().pk
        chosen = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
        for each, data in ((path, chosen), (f"{path}{pk}/delete/", {"post": "yes"})):
            support.post(each, data)
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
