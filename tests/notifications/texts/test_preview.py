"""Texts as people check them."""

from __future__ import annotations

from notifications import kinds
from notifications.texts import render
from notifications.texts.preview import channels_of, previews


def test_each_sample_is_shown_by_each_channel():
    kind = kinds.find("transaction.debit")
    assert kind is not None
    found = list(previews(kind, locale="sw", channels=channels_of(kind)))
    assert channels_of(kind) == ("in_app", "push", "sms", "email")
    assert [(one.channel, one.sample) for one in found] == [
        (channel, place) for channel in channels_of(kind) for place in range(len(kind.samples))
    ]
    for one in found:
        assert one.content == render(kind.name, one.channel, kind.samples[one.sample], locale="sw")
        assert one.characters == len(one.content.body)
        assert (one.sms is not None) == (one.channel == "sms")


def test_a_channel_without_a_rung_is_left_out():
    kind = kinds.find("kyc.approved")
    assert kind is not None
    assert "sms" not in channels_of(kind)


def test_an_sms_is_measured():
    kind = kinds.find("transaction.debit")
    assert kind is not None
    [first, *_] = previews(kind, locale="en", channels=("sms",))
    assert first.sms is not None
    assert (first.sms.coding, first.sms.segments, first.expensive) == ("GSM-7", 1, ())
    assert first.sms.used == len(first.content.body) <= first.sms.room == 160
