"""Several queries asked at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from realtime import clock
from realtime.sql.firsts import firsts

pytestmark = pytest.mark.django_db


def test_each_query_has_its_first_value_or_none(django_assert_num_queries: Any) -> None:
    amina = User.objects.create_user("amina")
    User.objects.create_user("brian")
    newest = User.objects.order_by("-pk").values_list("username")
    with django_assert_num_queries(1):
        now, found = firsts(
            newest, newest.filter(username="100%"), newest.filter(pk=amina.pk).values_list("pk")
        )
    assert found == ["brian", None, amina.pk]
    assert abs((clock.now() - now).total_seconds()) < 60


def test_a_time_is_read_as_the_clock_reads_it() -> None:
    amina = User.objects.create_user("amina")
    _, [joined] = firsts(User.objects.values_list("date_joined"))
    assert clock.moment_of(joined) == amina.date_joined
