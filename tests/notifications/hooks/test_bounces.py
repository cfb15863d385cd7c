"""A bounce of plain SMTP says what became of the delivery that its address names."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from notifications.hooks import bounces, tokens
from notifications.models import Receipt, Suppression
from tests.notifications.hooks.support import delivery

TO = "amina@example.org"
BASE = "bounces@acme.example"


def dsn(to: str, action: str = "failed", status: str = "5.1.1", **more: str) -> bytes:
    """Write a bounce as Postfix does."""
    headers = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in more.items())
    return (
        f"{headers}From: MAILER-DAEMON@mx.example.org\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {TO}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "--b--\r\n"
    ).encode()


def address(number: int = 17) -> str:
    return tokens.bounce_address(BASE, number)


@pytest.mark.parametrize(
    ("action", "status", "fact", "verdict"),
    [
        ("failed", "5.1.1", "bounced", "bounced"),
        ("Failed", "5.2.2", "bounced", "rejected"),
        ("failed", "4.4.7", "bounced", "rejected"),
        ("failed", "5.7.1", "bounced", ""),
        ("failed", "nonsense", "bounced", ""),
        ("delivered", "2.0.0", "delivered", ""),
        ("relayed", "2.0.0", "accepted", ""),
    ],
)
def test_each_action_is_a_fact(action: str, status: str, fact: str, verdict: str) -> None:
    heard = bounces.read(dsn(address(), action, status))
    assert heard is not None
    assert (heard.delivery_id, heard.fact, heard.verdict) == (17, fact, verdict)


def test_the_address_is_read_where_servers_put_it() -> None:
    for given in (
        bounces.read(dsn("ops@acme.example", Delivered_To=address())),
        bounces.read(dsn("ops@acme.example", X_Original_To=address().upper())),
        bounces.read(dsn("ops@acme.example"), address()),
    ):
        assert given is not None and given.delivery_id == 17


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\x00",
        b"To: " + address().encode() + b"\r\n\r\nI am away until Monday.",
        dsn("bounces+17-" + "0" * 24 + "@acme.example"),
        dsn(address().replace("+17-", "+18-")),
        dsn(address(), "delayed", "4.4.1"),
        dsn(address(), "failed\r\nX-Other: 1", "5.1.1").replace(b"Action", b"Acted"),
    ],
    # Each process has a key of its own, and signs other addresses.
    ids=["empty", "no text", "answer", "unsigned", "other number", "delayed", "no action"],
)
def test_other_mails_say_nothing(mail: bytes) -> None:
    assert bounces.read(mail) is None


def test_a_key_of_before_counts(settings: Any) -> None:
    given = address()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert tokens.bounced_delivery(given) == 17
    settings.SECRET_KEY_FALLBACKS = []
    assert tokens.bounced_delivery(given) is None


@pytest.mark.django_db
def test_a_mail_server_pipes_it_to_the_command(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = delivery(alice, "email", TO, provider="smtp")
    raw = dsn(address(row.pk))
    assert len(address(10**18 - 1).partition("@")[0]) <= 64
    for _ in range(2):  # a server that gets no answer does it again
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
        call_command("bounce", stdout=io.StringIO())
    row.refresh_from_db()
    assert (row.state, Receipt.objects.count()) == ("bounced", 1)
    found = Suppression.objects.get()
    assert (found.hash, found.reason) == (row.address_hash, "bounced")
    said = io.StringIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"Hello")))
    call_command("bounce", stdout=said)
    assert "no bounce" in said.getvalue()
