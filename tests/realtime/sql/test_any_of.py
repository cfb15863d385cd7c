"""Rows that are selected by many numbers."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from realtime.sql.any_of import AnyOf

pytestmark = pytest.mark.django_db


def test_it_selects_what_a_list_does() -> None:
    users = [User.objects.create_user(f"user{number}") for number in range(5)]
    wanted = {users[1].pk, users[3].pk, 2**62}
    found = User.objects.filter(AnyOf("pk", wanted)).order_by("pk")
    assert list(found) == [users[1], users[3]]
    assert User.objects.exclude(AnyOf("pk", wanted)).count() == 3
    assert not User.objects.filter(AnyOf("pk", ())).exists()


def test_it_follows_relations_and_changes_rows() -> None:
    user, group = User.objects.create_user("amina"), Group.objects.create(name="staff")
    user.groups.add(group)
    assert User.objects.filter(AnyOf("groups", [group.pk])).get() == user
    assert User.objects.filter(AnyOf("pk", [user.pk])).update(first_name="Amina") == 1
