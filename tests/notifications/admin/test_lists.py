"""The lists of what leaves the system: nothing in them changes, and addresses are masked."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from notifications.addresses.values import address_hash
from notifications.models import (
    Address,
    Consent,
    Delivery,
    Digest,
    Escalation,
    Notification,
    Preference,
    PreferenceChange,
    Suppression,
)
from realtime import clock
from realtime.models import Departure, Webhook
from tests.clients import browser_as, count_queries, staff_with
from tests.notifications import outside
from tests.notifications.support import note
from tests.services.admin_log import act_of

MODELS: tuple[type[Model], ...] = (
    Address, Consent, Delivery, Departure, Digest, Escalation, Preference, PreferenceChange,
    Webhook,
)  # fmt: skip
EMAIL = "alice@example.org"


def url_of(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def written(browser: Client, url: str, **query: str) -> str:
    answer = browser.get(url, query)
    assert answer.status_code == 200, url
    return str(answer.content.decode())


def page_of(browser: Client, row: Model) -> str:
    return written(browser, f"{url_of(type(row))}{row.pk}/change/")


@pytest.fixture
def notice(alice: User) -> Notification:
    """A notification of Alice's, and a row of hers in each table."""
    found = note(alice)
    Escalation.objects.filter(notification=found).delete()
    outside.fill(alice, found, name="alice", ip="10.9.8.7")
    Address.objects.update(hash=address_hash("email", EMAIL))
    Webhook.objects.create(
        source="s1", hash="h" * 64, body=b"status=Success&phoneNumber=%2B256772123456",
        headers={"user-agent": "the provider"}, is_proven=True, received_at=clock.now(),
    )  # fmt: skip
    return found


def row_of(model: type[Model]) -> Any:
    return model._default_manager.get()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.usefixtures("notice")
def test_a_list_takes_its_right_and_changes_nothing(bob: User, model: type[Model]) -> None:
    url, row = url_of(model), row_of(model)
    reader = browser_as(staff_with(bob, f"view_{model._meta.model_name}"))
    assert str(row.pk) in written(reader, url)
    assert str(row.user if hasattr(row, "user") else row) in page_of(reader, row)
    for path in (f"{url}add/", f"{url}{row.pk}/change/", f"{url}{row.pk}/delete/"):
        assert reader.post(path, {"post": "yes"}).status_code == 403
    others = [f"view_{other._meta.model_name}" for other in MODELS if other is not model]
    stranger = browser_as(
        staff_with(
            User.objects.create_user("dora"), *others, "view_address_value", "view_webhook_body"
        )
    )
    assert stranger.get(url).status_code == 403
    assert stranger.get(f"{url}{row.pk}/change/").status_code == 403


@pytest.mark.usefixtures("notice")
def test_an_address_is_masked_everywhere(support: Client) -> None:
    address, delivery = row_of(Address), row_of(Delivery)
    pages = [written(support, url_of(model)) for model in MODELS]
    pages += [page_of(support, address), page_of(support, delivery)]
    assert not [page for page in pages if EMAIL in page]
    assert "a***@example.org" in pages[0]
    assert "a***@example.org" in page_of(support, delivery)


@pytest.mark.usefixtures("notice")
def test_the_whole_address_takes_a_right_and_leaves_a_trace(bob: User) -> None:
    address = row_of(Address)
    url = f"{url_of(Address)}{address.pk}/reveal/"
    reader = browser_as(staff_with(bob, "view_address"))
    assert "reveal-button" not in page_of(reader, address)
    assert reader.post(url).status_code == 403
    assert browser_as(staff_with(bob, "view_address_value")).post(url).status_code == 403
    assert not LogEntry.objects.exists()
    trusted = browser_as(staff_with(bob, "view_address", "view_address_value"))
    assert "Show the whole address" in page_of(trusted, address)
    assert trusted.get(url).status_code == 405
    assert trusted.post(f"{url_of(Address)}999999/reveal/").status_code == 404
    answer = trusted.post(url)
    assert EMAIL in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.object_id) == (bob.pk, str(address.pk))
    assert act_of(entry.change_message) == "Looked at the whole address."


@pytest.mark.usefixtures("notice")
def test_what_a_provider_sent_takes_a_right(bob: User) -> None:
    webhook = row_of(Webhook)
    url = f"{url_of(Webhook)}{webhook.pk}/reveal/"
    reader = browser_as(staff_with(bob, "view_webhook"))
    page = page_of(reader, webhook)
    assert "772123456" not in page and "the provider" not in page
    assert reader.post(url).status_code == 403
    trusted = browser_as(staff_with(bob, "view_webhook", "view_webhook_body"))
    text = trusted.post(url).content.decode()
    assert "772123456" in text and "user-agent: the provider" in text
    webhook.body, webhook.scrubbed_at = b"", clock.now()
    webhook.save()
    assert "reveal-button" not in page_of(trusted, webhook)


@pytest.mark.parametrize("word", [EMAIL, "ALICE@example.org", "alice", "{pk}"])
@pytest.mark.usefixtures("notice")
def test_addresses_and_deliveries_are_found(support: Client, word: str) -> None:
    Delivery.objects.update(address_hash=address_hash("email", EMAIL))
    for row in (row_of(Address), row_of(Delivery)):
        query = word.format(pk=row.pk)
        found = support.get(url_of(type(row)), {"q": query}).context["cl"].result_list
        assert found == [row]
        assert not support.get(url_of(type(row)), {"q": "bob"}).context["cl"].result_list


@pytest.mark.usefixtures("notice")
def test_a_delivery_is_found_by_the_id_of_its_provider(support: Client, alice: User) -> None:
    found = support.get(url_of(Delivery), {"q": f"id-{alice.pk}"}).context["cl"].result_list
    assert found == [row_of(Delivery)]


def test_a_delivery_shows_its_rule_evidence_calls_and_receipts(
    support: Client, notice: Notification
) -> None:
    Delivery.objects.update(decided_by="required")
    page = page_of(support, row_of(Delivery))
    assert "required: It must go by this channel" in page
    assert "device: alice&#x27;s phone" in page
    assert f'href="/admin/notifications/notification/{notice.pk}/change/"' in page
    assert "Hello alice" not in page  # the values of its texts
    assert page.count('class="field-outcome"') == page.count('class="field-fact"') == 1


@pytest.mark.parametrize(
    "state", ["queued", "sending", "unknown", "failed", "bounced", "unresolved"]
)
@pytest.mark.usefixtures("notice")
def test_deliveries_are_filtered_by_what_waits_or_went_wrong(support: Client, state: str) -> None:
    url = url_of(Delivery)
    Delivery.objects.update(state="delivered")
    assert not support.get(url, {"trouble": state}).context["cl"].result_list
    Delivery.objects.update(state=state)
    assert support.get(url, {"trouble": state}).context["cl"].result_list == [row_of(Delivery)]


@pytest.mark.parametrize("model", [Escalation, Digest])
@pytest.mark.usefixtures("notice")
def test_those_that_wait_are_filtered(support: Client, model: type[Model]) -> None:
    def shown() -> list[Any]:
        return list(support.get(url_of(model), {"open": "1"}).context["cl"].result_list)

    rows: Any = model._default_manager
    rows.update(closed_at=None)
    assert shown() == [rows.get()]
    rows.update(closed_at=clock.now())
    assert shown() == []


@pytest.mark.usefixtures("notice")
def test_a_preference_shows_who_changed_it(support: Client, alice: User) -> None:
    Preference.objects.update(
        cells={"category:savings": {"push": False}},
        quiet=[{"days": 96, "start": "22:00", "end": "07:00"}],
    )
    page = page_of(support, row_of(Preference))
    assert "category:savings: push off" in page
    assert "Sat Sun, 22:00 to 07:00" in page
    assert f"user:{alice.pk} by api: zone" in page
    assert f"?user__id__exact={alice.pk}" in page


@pytest.mark.usefixtures("notice")
def test_an_address_says_that_it_is_suppressed(support: Client) -> None:
    address = row_of(Address)
    Suppression.objects.create(
        channel="email", hash=address.hash, reason="bounced", created_at=clock.now()
    )
    assert "everything: bounced" in page_of(support, address)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_list_takes_as_many_queries_for_many_rows(
    support: Client, notice: Notification, bob: User, model: type[Model]
) -> None:
    before = count_queries(support, url_of(model))
    other = note(bob)
    Escalation.objects.filter(notification=other).delete()
    outside.fill(bob, other, name="bob", ip="10.9.8.6")
    assert count_queries(support, url_of(model)) == before
