"""Changes of preferences: versions, records, devices, ladders, consent."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.models import Consent, Escalation, Preference, PreferenceChange
from notifications.preferences import services
from notifications.preferences.errors import VersionChanged
from notifications.preferences.selectors import consents_granted, preferences_get
from notifications.preferences.services import Origin
from realtime import clock
from realtime.errors import InvalidInput, NotFound
from tests.notifications.support import note, told, types
from tests.services.locks import threads

BY = Origin("user:1", "api", "203.0.113.9")
QUIET: dict[str, Any] = {"quiet": [{"start": "22:00", "end": "07:00"}], "zone": "Africa/Nairobi"}


def change(user: User, version: int | None = None, **changes: Any) -> Preference:
    return services.preferences_change(user_id=user.pk, changes=changes, by=BY, version=version)


def test_a_change_grows_the_version_keeps_a_record_and_tells_the_devices(alice):
    change(alice, **QUIET)
    change(alice, version=1, locale="sw", muted_until=None)
    assert [event["data"]["version"] for event in told(alice)] == [1, 2]
    data = told(alice)[-1]["data"]
    assert (data["locale"], data["zone"]) == ("sw", "Africa/Nairobi")
    assert data["quiet"] == [{"days": 127, "start": "22:00", "end": "07:00"}]
    first, second = PreferenceChange.objects.order_by("id")
    assert (first.version, first.old, first.actor) == (1, {"quiet": [], "zone": ""}, "user:1")
    assert (second.version, second.old, second.new) == (2, {"locale": ""}, {"locale": "sw"})
    assert (second.source, second.address) == ("api", "203.0.113.9")


def test_a_repeated_change_writes_and_tells_nothing(alice):
    change(alice, **QUIET)
    change(alice, **QUIET)
    assert (len(told(alice)), PreferenceChange.objects.count()) == (1, 1)


def test_an_old_version_is_refused_and_changes_nothing(alice):
    change(alice, locale="sw")
    for version in (0, 2):
        with pytest.raises(VersionChanged) as refused:
            change(alice, version=version, locale="fr")
        assert refused.value.extra == {"version": 1}
    assert preferences_get(alice.pk).locale == "sw"


def test_what_is_wrong_changes_nothing_of_the_rest(alice):
    with pytest.raises(InvalidInput):
        change(alice, locale="sw", zone="Nowhere/Here")
    with pytest.raises(InvalidInput):
        change(alice, colour="red")
    assert (preferences_get(alice.pk).version, told(alice)) == (0, [])
    with pytest.raises(NotFound):
        services.preferences_change(user_id=10**9, changes={}, by=BY)


def test_quiet_hours_need_a_zone_also_later(alice):
    with pytest.raises(InvalidInput, match="zone"):
        change(alice, quiet=QUIET["quiet"])
    change(alice, **QUIET)
    with pytest.raises(InvalidInput, match="zone"):
        change(alice, zone="")


def test_a_replacement_leaves_nothing_of_before(alice):
    change(
        alice, **QUIET, cells={"all": {"push": False}}, sms_above="100", sms_above_currency="KES"
    )
    services.preferences_replace(user_id=alice.pk, chosen={"locale": "fr"}, by=BY, version=1)
    found = preferences_get(alice.pk)
    assert (found.locale, found.zone, found.quiet, found.cells) == ("fr", "", [], {})
    assert (found.sms_above, found.sms_above_currency) == (None, "")


def test_an_amount_is_written_with_the_decimals_of_its_currency(alice):
    change(alice, sms_above="500000", sms_above_currency="UGX")
    assert preferences_get(alice.pk).sms_above == "500000"
    assert told(alice)[0]["data"]["sms_above"] == "500000"


def test_a_change_lets_open_ladders_be_judged_at_once(alice, bob):
    now = clock.now()
    for user in (alice, alice, bob):
        Escalation.objects.update_or_create(
            notification=note(user),
            defaults={
                "user": user, "kind": "system.general", "policy_version": "p", "event_offset": 1,
                "epoch": "e", "committed_at": now, "due_at": now + timedelta(hours=1),
            },
        )  # fmt: skip
    closed = Escalation.objects.filter(user=alice).order_by("pk").first()
    assert closed is not None
    Escalation.objects.filter(pk=closed.pk).update(closed_at=now)
    change(alice, locale="sw")
    later = Escalation.objects.filter(due_at__gt=clock.now()).values_list("user_id", flat=True)
    assert sorted(later) == sorted([alice.pk, bob.pk])  # the closed one, and another user's


def test_consent_is_recorded_with_its_wording_and_counts_from_then(alice):
    def say(granted: bool, wording: str = "") -> Consent:
        return services.consent_record(
            user_id=alice.pk, category="marketing", channel="email", granted=granted,
            wording=wording, by=BY,
        )  # fmt: skip

    with pytest.raises(InvalidInput, match="wording"):
        say(True)
    given = say(True, "Send me offers.")
    assert consents_granted(alice.pk) == {("email", "marketing")}
    assert say(True, "Send me offers.").pk == given.pk
    say(False)
    assert consents_granted(alice.pk) == frozenset()
    assert [row.granted for row in Consent.objects.order_by("id")] == [True, False]
    assert types(told(alice)) == ["preferences_changed"] * 2
    assert preferences_get(alice.pk).version == 2


@pytest.mark.parametrize(("category", "channel"), [("none", "email"), ("marketing", "fax")])
def test_consent_to_what_there_is_not_is_refused(alice, category: str, channel: str):
    with pytest.raises(InvalidInput):
        services.consent_record(
            user_id=alice.pk, category=category, channel=channel, granted=True, wording="x", by=BY
        )
    assert not Consent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_are_one_after_the_other(alice):
    with threads() as call:
        running = [
            call(partial(change, alice, cells={"category:savings": {channel: False}}))
            for channel in ("push", "sms", "email")
        ]
        for each in running:
            each.result()
    found = preferences_get(alice.pk)
    assert found.cells == {"category:savings": {"email": False, "push": False, "sms": False}}
    assert found.version == len(told(alice)) == PreferenceChange.objects.count() == 3
