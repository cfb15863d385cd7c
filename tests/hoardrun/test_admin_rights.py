"""What staff may do in the admin with some rights: nothing that another right is for."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db.models import Model
from django.test import Client

from tests.hoardrun.test_admin_lookups import BY_NAME, support, url_of

__all__ = ["support"]


def may(user: User, *rights: str) -> Client:
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_who_may_only_look_does_nothing(support: Client, dora: User, model: type[Model], page: Any):
    """Whatever an action or a button of a page is called, looking gives no right to it."""
    client = may(dora, f"view_{model._meta.model_name}")
    url, row = url_of(model, "changelist"), model._default_manager.exclude(pk=dora.pk).first()
    if row is None:
        return
    before = list(model._default_manager.order_by("pk").values())
    for action in (*(page.actions or ()), "delete_selected"):
        chosen = {"action": action, "_selected_action": [row.pk], "post": "yes"}
        client.post(url, chosen)
    pages = [url_of(model, "add")]
    pages += [url_of(model, kind, row.pk) for kind in ("change", "delete")]
    for name in ("expire", "move"):
        pages.append(f"{url}{row.pk}/{name}/")
    for path in pages:
        answer = client.post(path, {"post": "yes", "to": "completed", "_publish": "1"})
        assert answer.status_code in {302, 403, 404}, path
        assert answer.status_code != 302 or "change" in answer["Location"], path
    assert list(model._default_manager.order_by("pk").values()) == before
    assert admin.site._registry[model] is page
