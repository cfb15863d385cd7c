"""Staff with some rights may do nothing in the admin that another right is for."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model
from django.test import Client

from tests.clients import act, browser_as, staff_with
from tests.hoardrun.tools import BY_NAME, url_of


@pytest.mark.parametrize(("model", "page"), BY_NAME)
@pytest.mark.usefixtures("furnished")
def test_the_right_to_view_changes_nothing(dora: User, model: type[Model], page: Any):
    """The right to view gives no right to any action or button of a page."""
    client = browser_as(staff_with(dora, f"view_{model._meta.model_name}"))
    url, row = url_of(model), model._default_manager.exclude(pk=dora.pk).first()
    if row is None:
        return
    before = list(model._default_manager.order_by("pk").values())
    for action in (*(page.actions or ()), "delete_selected"):
        act(client, url, action, row, post="yes")
    pages = [url_of(model, "add")]
    pages += [url_of(model, kind, row.pk) for kind in ("change", "delete")]
    pages.append(f"{url}{row.pk}/move/")
    for path in pages:
        answer = client.post(path, {"post": "yes", "to": "completed", "_publish": "1"})
        assert answer.status_code in {302, 403, 404}, path
        assert answer.status_code != 302 or "change" in answer["Location"], path
    assert list(model._default_manager.order_by("pk").values()) == before
    assert admin.site._registry[model] is page


USERS = "/admin/auth/user"
SUPPORT = ("view_user", "add_user", "change_user", "delete_user", "change_group", "add_group")
PASSWORDS = {"password1": "another-pass-1", "password2": "another-pass-1", "set-password": "1"}


def form(user: User, **more: Any) -> dict[str, Any]:
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {"username": user.username, "is_active": "on", **joined, **more}


def are_refused(client: Client, url: str, sent: dict[str, Any]) -> bool:
    """Say whether a user's page may be looked at, and nothing on it changed."""
    changes = (("change", sent), ("password", PASSWORDS), ("delete", {"post": "yes"}))
    answers = [client.post(f"{url}/{path}/", body).status_code for path, body in changes]
    return (client.get(f"{url}/change/").status_code, answers) == (200, [403] * 3)


def test_support_changes_no_member_of_staff(charlie: User, dora: User, erin: User):
    client = browser_as(staff_with(dora, *SUPPORT))
    mallory = User.objects.create_user("mallory", is_superuser=True)  # and not of staff
    for other in (charlie, erin, dora, mallory):
        before = User.objects.filter(pk=other.pk).values().get()
        url = f"{USERS}/{other.pk}"
        sent = form(other, first_name="Mallory", is_superuser="on")
        assert are_refused(client, url, sent)
        assert client.get(f"{url}/password/").status_code == 403
        act(client, f"{USERS}/", "delete_selected", other, post="yes")
        assert User.objects.filter(pk=other.pk).values().get() == before


def test_the_right_to_view_users_changes_no_customer(alice: User, dora: User):
    client = browser_as(staff_with(dora, "view_user"))
    before = User.objects.filter(pk=alice.pk).values().get()
    url = f"{USERS}/{alice.pk}"
    assert are_refused(client, url, form(alice, first_name="Mallory"))
    assert User.objects.filter(pk=alice.pk).values().get() == before


def test_support_changes_customers_and_gives_no_rights(alice: User, dora: User):
    client = browser_as(staff_with(dora, *SUPPORT))
    role = Group.objects.create(name="Approvers")
    right = Permission.objects.get(codename="broadcast")
    given: dict[str, Any] = dict.fromkeys(("is_staff", "is_superuser"), "on")
    given |= {"groups": [role.pk], "user_permissions": [right.pk]}
    url = f"{USERS}/{alice.pk}"
    sent = form(alice, first_name="Alice", **given)
    assert client.post(f"{url}/change/", sent).status_code == 302
    alice.refresh_from_db()
    assert alice.first_name == "Alice"
    assert not (alice.is_staff or alice.is_superuser or alice.groups.exists())
    assert not alice.user_permissions.exists()
    assert client.post(f"{url}/password/", PASSWORDS).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("another-pass-1")
    for path in (f"{role.pk}/change/", "add/"):
        sent = {"name": f"Of {path[0]}", "permissions": [right.pk]}
        assert client.post(f"/admin/auth/group/{path}", sent).status_code == 302
    assert Group.objects.count() == 2
    assert not right.group_set.exists()


def test_a_superuser_gives_rights_and_changes_staff(support: Client, erin: User):
    role = Group.objects.create(name="Approvers")
    sent = form(erin, is_staff="on", is_superuser="on", groups=[role.pk])
    assert support.post(f"{USERS}/{erin.pk}/change/", sent).status_code == 302
    erin.refresh_from_db()
    assert erin.is_superuser
    assert list(erin.groups.all()) == [role]
    assert support.post(f"{USERS}/{erin.pk}/password/", PASSWORDS).status_code == 302
    right = Permission.objects.get(codename="broadcast")
    sent = {"name": "Approvers", "permissions": [right.pk]}
    assert support.post(f"/admin/auth/group/{role.pk}/change/", sent).status_code == 302
    assert list(role.permissions.all()) == [right]
