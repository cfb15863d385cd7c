"""What an answer says before its body is read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hoardrun.payments.codes import Meaning
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers import replies
from hoardrun.payments.providers.interface import Verdict
from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import Reply
from tests.hoardrun.payments.providers.support import NOT_SENT, reply

TABLE = {"400": Meaning(Claim.ACCEPTED), "busy": replies.NO_ANSWER, "400 x": replies.TOKEN}


@pytest.mark.parametrize(
    ("answer", "code", "meaning"),
    [
        (NOT_SENT, "", replies.NOT_SENT),
        (reply(None), "", replies.TIMEOUT),
        (reply(400), "x", replies.TOKEN),
        (reply(200), "busy", replies.NO_ANSWER),
        (reply(400), "y", Meaning(Claim.ACCEPTED)),
        (reply(418), "", Meaning(Claim.UNKNOWN, "unknown_code")),
        (reply(503), "", replies.TIMEOUT),
    ],
)
def test_a_status_means_what_the_table_says_or_nothing(answer, code, meaning):
    assert replies.meaning_of_status(TABLE, answer, code) == meaning


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (NOT_SENT, replies.NO_ANSWER),
        (reply(401), replies.TOKEN),
        (reply(403, b"<html>"), replies.TOKEN),
        (reply(429), replies.NO_ANSWER),
        (reply(503), replies.NO_ANSWER),
        (reply(200), None),
        (reply(404), None),
    ],
)
def test_a_look_without_an_answer_says_nothing_of_the_payment(answer, meaning):
    assert replies.meaning_of_look(answer) == meaning


@pytest.mark.parametrize("life", [3600, "3600"])
def test_a_token_is_used_for_most_of_its_life(life):
    token = replies.read_bearer(reply(200, {"access_token": "abc.def", "expires_in": life}))
    assert token is not None
    assert (token.value, token.seconds) == ("abc.def", 2880)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"access_token": "abc", "expires_in": 3600}),
        (200, {"access_token": "abc"}),
        (200, {"access_token": "", "expires_in": 3600}),
        (200, {"access_token": "a\r\nX-Evil: 1", "expires_in": 3600}),
        (200, {"access_token": 5, "expires_in": 3600}),
        (200, {"access_token": "abc", "expires_in": 0}),
        (200, b"<html>"),
    ],
)
def test_what_is_no_token_is_none(status, body):
    assert replies.read_bearer(reply(status, body)) is None


def test_an_answer_that_broke_off_is_not_read():
    whole = Reply(outcome=Outcome.ACCEPTED, status=200, body=b"{}")
    broken = Reply(outcome=Outcome.UNKNOWN, status=200, body=b"{}", is_whole=False)
    assert (replies.body_of(whole), replies.body_of(broken)) == ({}, None)


def test_amounts_are_written_without_a_detour_by_float():
    assert replies.encode({"a": Decimal("12.50"), "b": Decimal(5000)}) == b'{"a":12.50,"b":5000}'


def test_only_a_genuine_signature_counts_for_more():
    assert replies.source_of(Verdict.GENUINE) is Source.SIGNED_CALLBACK
    assert replies.source_of(Verdict.UNPROVEN) is Source.CALLBACK
