"""Addresses are claimed by anybody and owned by who proves them; codes are sent and limited."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from notifications.addresses import codes, services
from notifications.addresses.errors import (
    AddressKnown,
    AddressNotFound,
    ChannelOff,
    CodeNotSent,
    TooManyAddresses,
    TooManyCodes,
    WrongCode,
)
from notifications.addresses.selectors import addresses_list
from notifications.models import Address, Delivery, DirectSms, Notification
from notifications.preferences.services import Origin, preferences_change
from realtime import clock, jobs
from realtime.errors import InvalidInput
from tests.notifications.addresses.conftest import Outside

PHONE = "+256772123456"
EMAIL = "amina@example.org"


def add(user: User, value: str = EMAIL, **more: Any) -> Address:
    channel = "sms" if value.startswith("+") else "email"
    return services.address_add(user_id=user.pk, channel=channel, value=value, **more)


def prove(user: User, outside: Outside, value: str = EMAIL, **more: Any) -> Address:
    row = add(user, value, **more)
    return services.address_verify(user_id=user.pk, address_id=row.pk, code=outside.code())


def pass_time(by: timedelta) -> None:
    """Let all codes be older."""
    Address.objects.update(
        code_sent_at=F("code_sent_at") - by,
        codes_from=F("codes_from") - by,
        code_expires_at=F("code_expires_at") - by,
    )


def notices(user: User) -> list[tuple[str, str]]:
    """Return the kinds and channels that a user was told of."""
    rows = Notification.objects.filter(user=user).order_by("id")
    return [(row.kind, row.context["channel"]) for row in rows if row.context]


@pytest.mark.parametrize("value", [EMAIL, PHONE])
def test_an_address_is_proven_by_the_code_that_was_sent_there(alice, outside, value: str):
    row = add(alice, value)
    assert (row.state, row.verified_at) == ("unverified", None)
    code = outside.code()
    assert code not in str(Address.objects.values().get(pk=row.pk))
    proven = services.address_verify(user_id=alice.pk, address_id=row.pk, code=code)
    assert proven.state == "verified"
    with pytest.raises(WrongCode):  # it is good once
        services.address_verify(user_id=alice.pk, address_id=row.pk, code=code)
    with pytest.raises(AddressKnown):
        add(alice, value)
    assert addresses_list(alice.pk).get().state == "verified"


def test_a_code_is_no_notification_and_in_no_log(alice, outside, caplog):
    caplog.set_level(logging.DEBUG)
    add(alice, PHONE)
    code = outside.code()
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()
    assert code not in caplog.text
    assert PHONE not in caplog.text


def test_a_code_comes_in_the_language_of_its_user(alice, outside):
    by = Origin("user:1", "api")
    preferences_change(user_id=alice.pk, changes={"locale": "sw-KE"}, by=by)
    add(alice, PHONE)
    assert "msimbo wako" in outside.first.ledger[-1]["message"]


def test_each_text_is_one_segment_of_gsm_letters():
    gsm = pytest.importorskip("gsm0338")
    assert gsm is not None
    for body in codes._BODIES.values():
        text = body.format(brand="B" * 30, code="000000")
        assert len(text.encode("gsm03.38")) <= 160


@pytest.mark.parametrize(
    "limit",
    [
        {"SMS_PER_COUNTRY_PER_DAY": 1},
        {"SMS_COST_PER_HOUR": 1, "SMS_COST_CURRENCY": "KES"},
        {"SMS_COUNTRIES": ("UG",)},
    ],
)
def test_codes_count_for_the_limits_of_countries_and_money(alice, outside, settings, limit):
    kenyan, settings.CHANNELS = "+254711000001", settings.CHANNELS | limit
    if "SMS_COUNTRIES" in limit:
        settings.CHANNELS = settings.CHANNELS | {"SMS_COUNTRIES": ("UG", "KE")}
        row = Address(user=alice, channel="sms", value=kenyan, hash="h")
        row.created_at = row.touched_at = clock.now()
        row.save()
        settings.CHANNELS = settings.CHANNELS | limit  # which was changed since
    else:
        add(alice, PHONE)
        if "SMS_COST_PER_HOUR" in limit:
            DirectSms.objects.update(cost=1)
        row = Address(user=alice, channel="sms", value="+256772123457", hash="h")
        row.created_at = row.touched_at = clock.now()
        row.save()
    sent = len(outside.first.ledger)
    with pytest.raises(CodeNotSent):
        services.address_send_code(user_id=alice.pk, address_id=row.pk)
    assert len(outside.first.ledger) == sent


def test_another_provider_takes_what_the_first_refuses(alice, outside):
    outside.first.recipients[PHONE] = 502
    add(alice, PHONE)
    assert (outside.first.ledger, len(outside.second.ledger)) == ([], 1)


def test_what_may_have_been_sent_is_not_sent_again(alice, outside):
    outside.first.then("accept_and_drop")
    add(alice, PHONE)
    assert (len(outside.first.ledger), outside.second.ledger) == (1, [])


def test_a_code_that_nobody_takes_is_said_and_can_be_asked_for_again(alice, outside):
    outside.mail.refused[EMAIL] = "450 later"
    with pytest.raises(CodeNotSent):
        add(alice)
    row = addresses_list(alice.pk).get()
    outside.mail.refused.clear()
    pass_time(codes.PAUSE)
    services.address_send_code(user_id=alice.pk, address_id=row.pk)
    services.address_verify(user_id=alice.pk, address_id=row.pk, code=outside.code())
    assert addresses_list(alice.pk).get().state == "verified"


def test_without_a_provider_nothing_is_claimed(alice, settings):
    settings.CHANNELS = {}
    with pytest.raises(ChannelOff):
        add(alice)
    assert not Address.objects.exists()


def test_tries_are_counted_and_end(alice, outside):
    row = add(alice)
    code = outside.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(WrongCode) as refused:
            services.address_verify(user_id=alice.pk, address_id=row.pk, code=wrong)
        assert refused.value.extra == {"tries_left": left}
    with pytest.raises(WrongCode):
        services.address_verify(user_id=alice.pk, address_id=row.pk, code=code)
    pass_time(codes.PAUSE)
    services.address_send_code(user_id=alice.pk, address_id=row.pk)
    services.address_verify(user_id=alice.pk, address_id=row.pk, code=outside.code())
    assert addresses_list(alice.pk).get().state == "verified"


def test_a_code_ends_with_its_time_and_with_the_next_one(alice, outside):
    row = add(alice)
    first = outside.code()
    pass_time(codes.LIFE)
    with pytest.raises(WrongCode):
        services.address_verify(user_id=alice.pk, address_id=row.pk, code=first)
    services.address_send_code(user_id=alice.pk, address_id=row.pk)
    if outside.code() != first:
        with pytest.raises(WrongCode):
            services.address_verify(user_id=alice.pk, address_id=row.pk, code=first)


def test_codes_pause_and_are_limited_by_address_over_all_users(alice, bob, outside):
    row = add(alice)
    with pytest.raises(TooManyCodes) as refused:
        services.address_send_code(user_id=alice.pk, address_id=row.pk)
    assert refused.value.extra["retry_after"] in range(1, 61)
    for _ in range(codes.PER_ADDRESS - 2):
        pass_time(codes.PAUSE)
        services.address_send_code(user_id=alice.pk, address_id=row.pk)
    services.address_remove(user_id=alice.pk, address_id=row.pk)
    add(bob)
    with pytest.raises(TooManyCodes):
        add(alice)  # the sixth there
    assert len(outside.mail.taken) == codes.PER_ADDRESS
    pass_time(codes.PERIOD)
    add(alice)


def test_codes_are_limited_by_user(alice, outside):
    for number in range(codes.PER_USER):
        row = add(alice, f"a{number}@example.org")
        services.address_remove(user_id=alice.pk, address_id=row.pk)
    with pytest.raises(TooManyCodes):
        add(alice, "last@example.org")
    assert not addresses_list(alice.pk).exists()


def test_a_user_has_few_addresses_of_a_channel(alice, outside):
    for number in range(services.MAX_ADDRESSES):
        add(alice, f"a{number}@example.org")
    with pytest.raises(TooManyAddresses):
        add(alice)
    add(alice, PHONE)


def test_who_proves_an_address_takes_it_from_who_had_it(alice, bob, outside):
    old = prove(alice, outside, PHONE)
    waiting = queue(alice, old)
    claimed = add(bob, PHONE)
    assert addresses_list(alice.pk).get().state == "verified"  # a claim proves nothing
    services.address_verify(user_id=bob.pk, address_id=claimed.pk, code=outside.code())
    assert not addresses_list(alice.pk).exists()
    assert addresses_list(bob.pk).get().state == "verified"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "moved")
    assert notices(alice) == [("security.address_changed", "sms")] * 2
    old.refresh_from_db()
    assert (old.value, old.removed_at) == ("", None)  # what is told to her must not go there


def test_a_replacement_removes_the_old_one_once_the_new_one_is_proven(alice, outside):
    old = prove(alice, outside)
    waiting = queue(alice, old)
    new = add(alice, "new@example.org", replaces=old.pk)
    assert addresses_list(alice.pk).get(pk=old.pk).state == "verified"
    services.address_verify(user_id=alice.pk, address_id=new.pk, code=outside.code())
    assert [row.pk for row in addresses_list(alice.pk)] == [new.pk]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "replaced")
    assert notices(alice) == [("security.address_changed", "email")] * 2
    # The old one can still be told, and the notice says nothing of the new one.
    old.refresh_from_db()
    assert (old.state, old.value) == ("removed", EMAIL)
    assert old.removed_at is not None
    told = Notification.objects.filter(user=alice).latest("id")
    assert "example.org" not in f"{told.message} {told.context}"


def test_only_an_own_address_of_the_channel_is_replaced(alice, bob, outside):
    theirs, phone = prove(bob, outside), prove(alice, outside, PHONE)
    with pytest.raises(AddressNotFound):
        add(alice, "new@example.org", replaces=theirs.pk)
    with pytest.raises(InvalidInput):
        add(alice, "new@example.org", replaces=phone.pk)
    assert not addresses_list(alice.pk).filter(channel="email").exists()


def test_the_text_of_a_removed_address_goes_after_a_day(alice, outside):
    row = prove(alice, outside)
    services.address_remove(user_id=alice.pk, address_id=row.pk)
    assert services.addresses_forget() == 0
    Address.objects.update(removed_at=clock.now() - services.KEPT - timedelta(seconds=1))
    assert (services.addresses_forget(), services.addresses_forget()) == (1, 0)
    row.refresh_from_db()
    assert (row.value, row.state) == ("", "removed")
    assert row.hash


def test_the_text_of_one_that_nobody_has_proven_goes_at_once(alice, outside):
    row = add(alice)
    services.address_remove(user_id=alice.pk, address_id=row.pk)
    row.refresh_from_db()
    assert (row.value, row.removed_at) == ("", None)
    assert not Notification.objects.exists()


def test_a_notice_is_in_the_language_of_its_user(alice, outside):
    by = Origin("user:1", "api")
    preferences_change(user_id=alice.pk, changes={"locale": "fr"}, by=by)
    prove(alice, outside)
    assert Notification.objects.get().title == "Coordonn\u00e9es chang\u00e9es"


@pytest.mark.parametrize("action", [services.address_remove, services.address_send_code])
def test_another_users_address_is_none(alice, bob, outside, action: Any):
    row = prove(alice, outside)
    with pytest.raises(AddressNotFound):
        action(user_id=bob.pk, address_id=row.pk)
    with pytest.raises(AddressNotFound):
        services.address_verify(user_id=bob.pk, address_id=row.pk, code="000000")
    assert addresses_list(alice.pk).exists()


def queue(user: User, address: Address) -> Delivery:
    """Let a delivery wait for an address."""
    now = clock.now()
    return Delivery.objects.create(
        user=user, kind="system.general", category="system", channel=address.channel,
        address=address, address_hash=address.hash, decided_by="due", policy_version="p",
        not_before=now, expires_at=now + timedelta(days=1), created_at=now, updated_at=now,
    )  # fmt: skip


def test_a_number_that_was_proven_a_year_ago_is_proven_again(alice, outside):
    mail, number = prove(alice, outside), prove(alice, outside, PHONE)
    then = clock.now() - services.PROVEN_FOR
    Address.objects.update(verified_at=then + timedelta(minutes=1))
    assert services.numbers_lapse() == 0
    Address.objects.update(verified_at=then - timedelta(minutes=1))
    assert services.numbers_lapse() == 0  # another node has just done it
    jobs.give_back(services.LAPSING)
    assert services.numbers_lapse() == 1
    states = {row.pk: row.state for row in addresses_list(alice.pk)}
    assert states == {number.pk: "unverified", mail.pk: "verified"}
    pass_time(codes.PAUSE)
    services.address_send_code(user_id=alice.pk, address_id=number.pk)
    again = services.address_verify(user_id=alice.pk, address_id=number.pk, code=outside.code())
    assert again.verified_at is not None and again.verified_at > then + timedelta(minutes=1)
