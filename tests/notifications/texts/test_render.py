"""The texts of a notification, as each channel shows them to its reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from django.utils import timezone, translation

from hoardrun.ledger.kinds import Moved, NotMoved
from notifications import texts
from notifications.channels.sms import gsm
from notifications.kinds import all_kinds, find
from notifications.kinds.security import NewDevice
from notifications.kinds.values import General, Money, to_context
from notifications.languages import CODES
from notifications.texts.catalogue import version

NOON = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
PAID = Moved(
    amount=Money(Decimal(1_250_000), "UGX"),
    party="Nakato Namutebi Trading Company",
    account="0012345678",
    reference="TX-2026-000123",
    balance=Money(Decimal(3_400_000), "UGX"),
    happened_at=NOON,
)
BARE = Moved(amount=Money(Decimal("1250.50"), "KES"), happened_at=NOON)


@pytest.fixture(autouse=True)
def brand(settings):
    settings.BRAND = replace(
        settings.BRAND, name="Acme Bank", support="0800 100 200", zone="Africa/Kampala"
    )


@pytest.mark.parametrize(
    ("locale", "title", "message"),
    [
        ("en-UG", "Money sent", "You paid USh 1,250,000 to Nakato Namutebi Trading Company."),
        ("sw", "Pesa zimetumwa", "Umelipa UGX 1,250,000 kwa Nakato Namutebi Trading Company."),
        ("fr", "Paiement effectué", "Vous avez payé 1 250 000 UGX à Nakato Namutebi"),
        ("lg", "Ensimbi ziweerezeddwa", "Osasudde 1,250,000 USh eri Nakato Namutebi"),
        ("de", "Money sent", "You paid UGX 1,250,000 to Nakato"),  # the deployment's language
        ("", "Money sent", "You paid UGX 1,250,000 to Nakato"),
    ],
)
def test_the_inbox_has_it_whole_in_the_language_of_its_user(locale: str, title: str, message: str):
    content = texts.render("transaction.debit", "in_app", PAID, locale=locale)
    assert content.title == title
    assert content.body.replace("\u00a0", " ").replace("\u202f", " ").startswith(message)
    assert content.locale == (locale if locale not in {"", "de"} else "en")
    assert content.url == "/transactions"


def test_a_lock_screen_has_a_short_name_and_no_balance():
    content = texts.render("transaction.debit", "push", PAID, locale="en-UG")
    assert content.title == "Money sent"
    assert content.body == "You paid USh\u00a01,250,000 to Nakato Namutebi."


def test_a_lock_screen_hides_amounts_if_its_user_wishes():
    content = texts.render("transaction.debit", "push", PAID, hide_amounts=True)
    assert (content.title, content.body) == ("Money sent", "Open the app to see the details.")
    shown = texts.render("transaction.debit", "sms", PAID, hide_amounts=True)
    assert "1,250,000" in shown.body  # an SMS is the alert itself


@pytest.mark.parametrize(
    ("kind", "title"), [("security.new_device", "Security message"), ("kyc.general", "Identity")]
)
def test_a_lock_screen_says_nothing_of_a_secret(kind: str, title: str):
    known = find(kind)
    assert known
    for sample in known.samples:
        content = texts.render(kind, "push", sample)
        assert (content.title, content.body) == (title, "Open the app to read it.")


@pytest.mark.parametrize(
    ("locale", "titles"),
    [
        ("en", ["It was me", "It wasn't me"]),
        ("sw-KE", ["Ni mimi", "Si mimi"]),
        ("fr", ["C’était moi", "Ce n’était pas moi"]),
        ("lg", ["Nze", "Si nze"]),
    ],
)
def test_a_push_asks_who_has_done_it(locale: str, titles: list[str]):
    known = find("security.pin_changed")
    assert known
    (sample,) = known.samples
    found = texts.render(known.name, "push", sample, locale=locale).actions
    assert [one.name for one in found] == ["was_me", "was_not_me"]
    assert [one.title for one in found] == titles
    for channel in ("in_app", "sms", "email"):
        assert texts.render(known.name, channel, sample).actions == ()


def test_an_sms_is_one_cheap_segment():
    content = texts.render("transaction.debit", "sms", PAID, locale="fr", zone="Africa/Nairobi")
    assert content.body == (
        "Paiement de UGX 1 250 000 à Nakato Namutebi, compte *5678, 2 mars, 15:05. "
        "Réf TX-2026-000123. Pas vous ? Appelez 0800 100 200"
    )
    assert gsm.segments(content.body) == 1
    assert content.title == content.html == ""


def test_a_text_leaves_out_what_is_not_known():
    content = texts.render("transaction.debit", "sms", BARE)
    assert content.body == "KES 1,250.50 paid, 2 Mar, 15:05. Not you? Call 0800 100 200"
    body = texts.render("transaction.debit", "email", BARE).body
    assert "Account" not in body
    assert "\n\n\n" not in body


def test_the_words_follow_the_values():
    out = NotMoved(direction="outbound", amount=BARE.amount, party="Acme", happened_at=NOON)
    back = msgspec.structs.replace(out, direction="inbound")
    shown = [texts.render("transaction.failed", "in_app", each) for each in (out, back)]
    assert [each.title for each in shown] == ["Payment failed", "Deposit failed"]
    assert shown[1].body == "The deposit of KES\u00a01,250.50 from Acme failed"


def test_a_stored_context_gives_the_same_text():
    context = msgspec.json.decode(msgspec.json.encode(to_context(PAID)))
    for channel in texts.TEXT_CHANNELS:
        again = texts.render("transaction.debit", channel, context, locale="lg")
        assert again == texts.render("transaction.debit", channel, PAID, locale="lg")


def test_it_refuses_what_it_does_not_know():
    with pytest.raises(LookupError, match=r"no kind 'transaction\.nothing'"):
        texts.render("transaction.nothing", "sms", {})
    with pytest.raises(msgspec.ValidationError, match="amount"):
        texts.render("transaction.debit", "sms", {"happened_at": "2026-03-02T12:05:00Z"})


def test_what_a_sender_has_written_is_cut_to_what_a_channel_takes():
    long = General(title="A title of words " * 11, message="Words of a message " * 50)
    push = texts.render("system.general", "push", long)
    assert (len(push.title) <= 50, len(push.body) <= 120) == (True, True)
    assert push.body.endswith("…")
    sms = texts.render("marketing.general", "sms", long)
    assert (gsm.segments(sms.body), sms.body[-3:]) == (3, "...")
    foreign = General(title="Ŋ", message="ŋŋŋŋ " * 190)
    assert gsm.segments(texts.render("marketing.general", "sms", foreign).body) == 3
    assert texts.render("system.general", "in_app", long).body == long.message.strip()


@pytest.mark.reported(number=24)
def test_two_readers_on_one_thread_never_mix():
    """Neither the active language nor the active zone has a say, nor does the reader before."""
    amina, brian = ("lg", "Africa/Kampala"), ("fr-FR", "America/New_York")
    seen = NewDevice(device="Firefox", happened_at=NOON)

    def shown(reader: tuple[str, str]) -> str:
        locale, zone = reader
        return texts.render("security.new_device", "email", seen, locale=locale, zone=zone).body

    alone = [shown(amina), shown(brian)]
    with translation.override("sw"), timezone.override("Asia/Tokyo"):
        assert [shown(each) for each in (amina, brian) * 3] == alone * 3
    assert "2 Marisi 2026, 15:05" in alone[0]
    assert "2 mars 2026, 07:05 UTC-5" in alone[1]


@pytest.mark.reported(number=24)
def test_each_kind_renders_in_each_language_with_no_place_left_open():
    for kind in all_kinds():
        channels: list[texts.TextChannel] = ["in_app", *(rung.channel for rung in kind.ladder)]
        for language in CODES:
            for channel in channels:
                for sample in kind.samples:
                    content = texts.render(kind.name, channel, sample, locale=language)
                    assert content.body
                    assert "{" not in content.title + content.body, (kind.name, language, channel)


def test_a_version_names_the_texts_of_a_language():
    assert texts.version("transaction.debit", "sw-KE") == version("transaction.debit", "sw")
    versions = {
        texts.version(kind, lang) for kind in ("kyc.approved", "kyc.rejected") for lang in CODES
    }
    assert len(versions) == 8
    assert all(len(each) == 12 for each in versions)
