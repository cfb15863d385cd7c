"""The record of broadcasts in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from tests.clients import count_queries

MODELS = (Broadcast, BroadcastDecision)


def fill(first: int, last: int) -> None:
    """Add users, each with a broadcast that was decided on."""
    for number in range(first, last):
        user = User.objects.create_user(f"user-{number}")
        broadcast = Broadcast.objects.create(
            author=user, kind="balance", target="7", payload={}, audience=1, needs_approval=True
        )
        BroadcastDecision.objects.create(broadcast=broadcast, decided_by=user, approved=False)


def url_of(model: Any) -> str:
    return f"/admin/broadcasts/{model._meta.model_name}"


@pytest.mark.parametrize("model", MODELS)
def test_a_list_of_any_length_takes_the_same_queries(support: Client, model: Any) -> None:
    counts = []
    for first, last in ((0, 2), (2, 20)):
        fill(first, last)
        counts.append(count_queries(support, f"{url_of(model)}/"))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", MODELS)
def test_the_admin_changes_no_record(support: Client, model: Any) -> None:
    fill(0, 1)
    row, url = model.objects.get(), url_of(model)
    assert support.get(f"{url}/{row.pk}/change/").status_code == 200
    for path in (f"{url}/add/", f"{url}/{row.pk}/change/", f"{url}/{row.pk}/delete/"):
        assert support.post(path, {"post": "yes"}).status_code == 403
    support.post(f"{url}/", {"action": "delete_selected", "_selected_action": [row.pk]})
    assert model.objects.get() == row
