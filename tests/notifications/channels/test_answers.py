"""What all providers have in common."""

from __future__ import annotations

import pytest

from notifications.channels import answers
from realtime.outgoing import Outcome, Reply


@pytest.mark.parametrize(
    ("status", "mistake"),
    [(200, False), (400, True), (401, True), (403, True), (404, True), (410, False), (500, False)],
)
def test_a_login_or_a_path_that_is_wrong_is_our_mistake(status: int, mistake: bool):
    answer = answers.by_transport(Reply(outcome=Outcome.REFUSED, status=status))
    assert (answer.status, answer.our_mistake, answer.verdict) == (status, mistake, "")


def test_without_an_answer_the_code_says_what_failed():
    answer = answers.by_transport(Reply(outcome=Outcome.NOT_SENT, error="dns"))
    assert (answer.outcome, answer.code, answer.our_mistake) == (Outcome.NOT_SENT, "dns", False)


def test_a_pause_belongs_to_what_is_for_later():
    reply = Reply(outcome=Outcome.REFUSED, status=400, retry_after_seconds=7)
    assert answers.by_code(reply, "x" * 300, answers.LATER).retry_after_seconds == 7
    assert answers.by_code(reply, "x" * 300, answers.REFUSED).retry_after_seconds is None
    assert len(answers.by_code(reply, "x" * 300, answers.REFUSED).code) == 100


def test_an_id_is_kept_as_it_is_or_as_its_hash():
    assert answers.identifier("x" * 200) == "x" * 200
    assert len(answers.identifier("x" * 201) or "") == 64
    assert answers.identifier("") is answers.identifier(None) is answers.identifier(7) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff"])
def test_what_is_no_object_is_none(body: bytes):
    assert answers.json_object(Reply(outcome=Outcome.ACCEPTED, status=200, body=body)) is None


def test_a_body_that_was_cut_is_not_read():
    whole = Reply(outcome=Outcome.ACCEPTED, status=200, body=b'{"a": 1}')
    assert answers.json_object(whole) == {"a": 1}
    cut = Reply(outcome=Outcome.ACCEPTED, status=200, body=b'{"a": 1}', is_whole=False)
    assert answers.json_object(cut) is None
