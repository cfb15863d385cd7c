"""E-mail through a mail server that takes, refuses, hangs and drops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hoardrun.demo.providers.mail import MailServer
from notifications.channels.email.smtp import Smtp
from notifications.hooks import tokens
from realtime.outgoing import Outcome
from tests.notifications.channels.support import message, options
from tests.services.ports import free_port

AMINA = "amina@example.org"
SECONDS = 4.0  # after which a server that says nothing is given up; a busy machine may rest


@pytest.fixture(autouse=True)
def _public(settings):
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://api.acme.example"}


@pytest.fixture(scope="module")
def running() -> Iterator[MailServer]:
    with MailServer() as found:
        yield found


@pytest.fixture
def server(running: MailServer) -> MailServer:
    running.taken.clear()
    running.refused.clear()
    running.sender_refused = running.after_data = ""
    running.pause = 0
    return running


def smtp(port: int, seconds: float = 20, **given: Any) -> Smtp:
    found = options(
        email_host="127.0.0.1",
        email_port=port,
        email_security="none",
        email_from="Acme <alerts@acme.example>",
    )
    return Smtp(replace(found, **given), seconds)


def mail(to: str = AMINA, **more: Any) -> Any:
    return message("email", to, html="<p>Paid</p>", **more)


def test_an_email_is_taken(server):
    answer = smtp(server.port).send(mail(body="Ŋŋaali"))
    assert (answer.outcome, answer.status) == (Outcome.ACCEPTED, 250)
    (taken,) = server.taken
    assert taken["Message-ID"] == "<delivery-4711@acme.example>"
    plain, html = taken.iter_parts()
    assert plain.get_content().strip() == "Ŋŋaali"
    assert html.get_content_type() == "text/html"


@pytest.mark.parametrize(
    ("said", "outcome", "verdict", "code"),
    [
        ("550 5.1.1 no such user", "refused", "bounced", "550 5.1.1"),
        ("550 no such user", "refused", "bounced", "550"),
        ("552 5.2.2 mailbox full", "refused", "rejected", "552 5.2.2"),
        ("450 4.2.1 try again", "later", "", "450 4.2.1"),
        ("421 4.3.2 going down", "later", "", "421 4.3.2"),
    ],
)
def test_a_recipient_is_refused(server, said: str, outcome: str, verdict: str, code: str):
    server.refused[AMINA] = said
    answer = smtp(server.port).send(mail())
    assert (answer.outcome.value, answer.verdict, answer.code) == (outcome, verdict, code)
    assert server.taken == []


def test_a_sender_that_is_refused_is_our_mistake(server):
    server.sender_refused = "550 5.7.1 not you"
    answer = smtp(server.port).send(mail())
    assert (answer.outcome, answer.our_mistake, answer.verdict) == (Outcome.REFUSED, True, "")


@pytest.mark.parametrize(
    ("said", "outcome", "verdict"),
    [("451 4.3.0 later", "later", ""), ("554 5.7.1 spam", "refused", "")],
)
def test_a_text_is_refused(server, said: str, outcome: str, verdict: str):
    server.after_data = said
    answer = smtp(server.port).send(mail())
    assert (answer.outcome.value, answer.verdict, server.taken) == (outcome, verdict, [])


def test_servers_on_the_way_report_to_a_signed_address(server):
    assert smtp(server.port, email_bounces="bounces@acme.example").send(mail()).status == 250
    assert tokens.bounced_delivery(server.senders[-1]) == 4711
    assert server.senders[-1].startswith("bounces+4711-")
    assert server.taken[-1]["From"] == "Acme <alerts@acme.example>"
    smtp(server.port).send(mail())
    assert server.senders[-1] == "alerts@acme.example"


@pytest.mark.parametrize("how", ["hang", "drop"])
def test_what_was_handed_over_without_an_answer_is_unknown(server, how: str):
    server.after_data = how
    answer = smtp(server.port, SECONDS).send(mail())
    assert (answer.outcome, answer.code) == (Outcome.UNKNOWN, "broken")
    assert len(server.taken) == 1


def test_a_server_that_is_slow_at_each_step_is_given_up(server):
    server.pause = 0.7 * SECONDS  # each answer comes in time, and two of them together do not
    answer = smtp(server.port, SECONDS).send(mail())
    assert answer.outcome is Outcome.UNKNOWN
    assert server.taken == []


def test_without_a_server_nothing_was_sent():
    answer = smtp(free_port()).send(mail())
    assert (answer.outcome, answer.code) == (Outcome.NOT_SENT, "connect")


def test_a_server_without_tls_gets_nothing(server):
    answer = smtp(server.port, email_security="starttls").send(mail())
    assert (answer.outcome, answer.our_mistake) == (Outcome.NOT_SENT, True)
    assert server.taken == []


@pytest.mark.parametrize("address", ["a@x.example\nBcc: b@x.example", "a\r@x.example"])
def test_an_address_that_would_make_a_header_is_refused(server, address: str):
    answer = smtp(server.port).send(mail(address))
    assert (answer.outcome, answer.verdict) == (Outcome.REFUSED, "invalid")
    assert server.taken == []


def test_a_login_that_is_refused_is_our_mistake():
    with MailServer(("acme", "s3cret")) as server:
        right = smtp(server.port, email_user="acme", email_password="s3cret")
        wrong = smtp(server.port, email_user="acme", email_password="x")
        assert right.send(mail()).outcome is Outcome.ACCEPTED
        assert right.check().outcome is Outcome.ACCEPTED
        for answer in (wrong.send(mail()), wrong.check()):
            assert (answer.outcome, answer.status) == (Outcome.NOT_SENT, 535)
            assert answer.our_mistake
        assert len(server.taken) == 1
