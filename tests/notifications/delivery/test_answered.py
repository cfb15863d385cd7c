"""Each call is counted by provider, outcome and code, and no provider makes up names."""

from __future__ import annotations

import pytest

from notifications.delivery import answered
from notifications.delivery.readings import DELIVERING
from notifications.delivery.worker import Worker
from tests.notifications.delivery import support
from tests.notifications.support import note

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "status", "counted"),
    [
        ("21211", 400, "21211"),
        ("UNREGISTERED", 404, "UNREGISTERED"),
        ("552 5.2.2", 552, "552"),
        ("", 201, "201"),
        ("dns", None, "dns"),
        ("made up", None, "other"),
        ("made up", 999, "other"),
        ("", None, ""),
    ],
)
def test_what_an_answer_is_counted_as(code, status, counted):
    assert answered.code_of(code, status) == counted


def test_workers_add_up_what_providers_have_answered(amina, outside):
    numbers = [f"+25677200000{last}" for last in range(3)]
    outside.africastalking.recipients[numbers[0]] = 406  # black list
    for number in numbers:
        support.delivery(note(amina), support.address(amina, "sms", number))
    Worker(["sms"], judges=False).run_once()
    expected = {("africastalking", "accepted", "101"): 2, ("africastalking", "refused", "406"): 1}
    assert answered.read() == expected
    assert DELIVERING.read()["provider_answers"] == expected
