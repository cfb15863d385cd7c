"""`GET /api/v1/notifications/{id}/trace`: who may look, what is said, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from drf_spectacular.generators import SchemaGenerator

from tests.clients import api_as, staff_with
from tests.notifications.trace.support import debit, sms
from tests.services.admin_log import act_of

TRACE, READ = "trace_notification", "read_traced_text"


@pytest.fixture
def support(bob: User) -> Any:
    return api_as(staff_with(bob, TRACE))


def path(row: Any) -> str:
    return f"/api/v1/notifications/{row.pk}/trace"


def looks() -> list[str]:
    return [act_of(entry.get_change_message()) for entry in LogEntry.objects.order_by("pk")]


def test_it_says_why_and_keeps_who_looked(alice, bob, support):
    row = debit(alice)
    sms(row, state="failed", reason="21211")
    found = support.get(path(row)).json()
    assert found["notification_id"] == str(row.pk) and found["user_id"] == str(alice.pk)
    assert found["steps"][1]["sendings"][0]["to"] == "0772***001"
    assert found["content"] is None
    assert looks() == ["Looked at its trace over the API."]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, str(entry.object_repr)) == (
        bob, str(row.pk), f"Notification #{row.pk}",
    )  # fmt: skip


@pytest.mark.parametrize("rights", [(), ("change_notification", READ)])
def test_it_takes_a_right_of_its_own(alice, bob, rights):
    row = debit(alice)
    assert api_as(staff_with(bob, *rights)).get(path(row)).status_code == 403
    assert api_as(alice).get(path(row)).status_code == 403
    assert looks() == []


def test_the_text_takes_one_more_right(alice, bob, support):
    row = debit(alice)
    refused = support.get(f"{path(row)}?content=true")
    assert refused.status_code == 403 and "read_traced_text" in refused.json()["detail"]
    assert looks() == []
    reader = api_as(staff_with(bob, TRACE, READ))
    assert reader.get(f"{path(row)}?content=true").json()["content"]["message"] == "World"
    assert looks() == ["Looked at its trace and read its text over the API."]


def test_what_never_was_is_not_found(support):
    for unknown in ("4711", "x"):
        assert support.get(f"/api/v1/notifications/{unknown}/trace").status_code == 404
    assert looks() == []


def test_the_document_describes_what_is_answered(alice, support):
    row = debit(alice)
    sms(row)
    answer = support.get(path(row)).json()
    schema = SchemaGenerator().get_schema(public=True)["components"]["schemas"]
    assert set(schema["TraceOutput"]["properties"]) == set(answer)
    step = schema["TraceStepOutput"]["properties"]
    assert set(step) == set(answer["steps"][0])
    assert set(schema["TraceSendingOutput"]["properties"]) == set(answer["steps"][1]["sendings"][0])
