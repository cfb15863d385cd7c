"""E-mails as mailboxes read them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from msgspec.structs import replace

from notifications.channels.email import building
from notifications.channels.email.building import Email
from notifications.channels.message import Message
from notifications.hooks import tokens
from tests.notifications.channels.support import message, options

GIVEN = {"email_from": "Acme <alerts@acme.example>"}


@pytest.fixture(autouse=True)
def _public(settings):
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://api.acme.example"}


def read(given: Message, **more: Any) -> EmailMessage:
    """Build an e-mail and read it back."""
    built = Email(given, options(**GIVEN, **more))
    text = built.message().as_bytes(linesep="\r\n")
    return message_from_bytes(text, policy=policy.default)


def mail(**more: Any) -> Message:
    return message("email", "amina@example.org", **{"html": "<p>Paid</p>", "title": "Paid", **more})


def test_it_has_text_and_html_and_says_that_nobody_wrote_it():
    found = read(mail(body="Ŋŋaali, 1 250,50\u202fKES"))
    assert found.get_content_type() == "multipart/alternative"
    plain, html = found.iter_parts()
    assert plain.get_content().strip() == "Ŋŋaali, 1 250,50\u202fKES"
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", "<p>Paid</p>")
    assert (found["From"], found["To"]) == ("Acme <alerts@acme.example>", "amina@example.org")
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Feedback-ID"] == "transaction.debit:transaction:hoardrun"
    assert found["Content-Language"] == "en"
    assert "Reply-To" not in found and "References" not in found


def test_each_attempt_has_the_same_message_id_and_date():
    first, second = read(mail()), read(replace(mail(), attempt=2))
    assert first["Message-ID"] == second["Message-ID"] == "<delivery-4711@acme.example>"
    moment = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
    assert read(mail(happened_at=moment))["Date"] == "Sun, 29 Nov 2026 12:00:00 +0000"


def test_what_may_be_refused_is_left_by_one_click():
    found = read(mail(), email_unsubscribe="leave@acme.example")
    link, address = found["List-Unsubscribe"].strip().split(", ")
    assert address == "<mailto:leave@acme.example?subject=unsubscribe>"
    assert link.startswith("<https://api.acme.example/u/")
    token = link.strip("<>").rpartition("/")[2]
    assert tokens.unsubscribing(token) == (17, "transaction", "email")
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_is_required_has_nothing_to_leave():
    found = read(mail(required=True))
    assert "List-Unsubscribe" not in found and "List-Unsubscribe-Post" not in found


def test_a_long_link_is_not_broken_in_its_header():
    given = mail(category="x" * 30)
    text = Email(given, options(**GIVEN)).message().as_bytes(linesep="\r\n")
    header = text.partition(b"List-Unsubscribe: ")[2].partition(b"\r\nList-")[0]
    unfolded = header.replace(b"\r\n ", b" ").strip()
    assert unfolded.startswith(b"<https://") and unfolded.endswith(b">") and b" " not in unfolded


def test_messages_of_one_matter_are_shown_together():
    assert read(mail(thread="transaction-17"))["References"] == "<transaction-17@acme.example>"


def test_a_title_of_several_lines_makes_no_header():
    found = read(mail(title="Paid\r\nBcc: all@example.org"))
    assert found["Subject"] == "Paid Bcc: all@example.org"
    assert "Bcc" not in found


def test_answers_go_where_people_read_them():
    assert read(mail(), email_reply_to="help@acme.example")["Reply-To"] == "help@acme.example"


def test_an_api_gets_the_delivery_and_does_not_track():
    built = Email(mail(), options(**GIVEN))
    assert built.metadata == {"delivery": "4711"}
    assert (built.track_opens, built.track_clicks) == (False, False)


@pytest.mark.parametrize(
    ("sender", "domain"),
    [("Acme <a@acme.example>", "acme.example"), ("a@b.example", "b.example"), ("", "localhost")],
)
def test_the_domain_of_a_sender(sender: str, domain: str):
    assert building.domain_of(sender) == domain
