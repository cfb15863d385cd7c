"""Several queries asked at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from realtime import clock
from realtime.sql.firsts import Firsts

pytestmark = pytest.mark.django_db


def test_each_query_has_its_first_value_or_none(django_assert_num_queries: Any) -> None:
    amina = User.objects.create_user("amina")
    User.objects.create_user("brian")
    newest = User.objects.order_by("-pk").values_list("username")
    asked = Firsts(
        newest, newest.filter(username="100%"), newest.filter(pk=amina.pk).values_list("pk")
    )
    with django_assert_num_queries(1):
        now, found = asked.ask()
    assert found == ["brian", None, amina.pk]
    assert abs((clock.now() - now).total_seconds()) < 60
    User.objects.create_user("100%")
    assert asked.ask()[1] == ["100%", "100%", amina.pk]


def test_a_time_is_read_as_the_clock_reads_it() -> None:
    amina = User.objects.create_user("amina")
    _, [joined] = Firsts(User.objects.values_list("date_joined")).ask()
    assert clock.moment_of(joined) == amina.date_joined
