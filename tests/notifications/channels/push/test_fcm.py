"""Firebase: its token endpoint and each code of its table, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as changed
from types import SimpleNamespace
from typing import Any

import pytest

from hoardrun.demo.providers.firebase import Firebase
from hoardrun.demo.providers.http import Told, as_json
from notifications.channels.message import Action
from notifications.channels.push import fcm, google
from notifications.channels.push.fcm import Fcm
from realtime.outgoing import Client, Outcome
from tests.notifications.channels.support import LOCAL, client, message, options

PHONE = "fcm-token-of-amina"


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    """The provider as it is, and ours, which has its access token already."""
    with Firebase() as fake:
        given = options(fcm_service_account=fake.account, fcm_url=fake.url)
        calls = Client(rules=LOCAL)
        ours = Fcm(given, calls)
        assert ours.check().outcome is Outcome.ACCEPTED
        yield SimpleNamespace(fake=fake, options=given, ours=ours)
        calls.close()


@pytest.fixture
def there(running: Any) -> Any:
    running.fake.clear()
    running.fake.devices.clear()
    return running


@pytest.fixture
def fresh(there: Any) -> Any:
    """The same, with ours as it is at its start."""
    there.fake.tokens.clear()
    return SimpleNamespace(fake=there.fake, ours=Fcm(there.options, client()))


def push(**more: Any) -> Any:
    return message("push", PHONE, service="fcm", **more)


def test_an_app_gets_what_was_sent(there):
    answer = there.ours.send(push(title="Paid", body="KES 250", unread=3))
    (taken,) = there.fake.ledger
    assert (answer.outcome, answer.provider_id) == (Outcome.ACCEPTED, taken["name"])
    assert taken["token"] == PHONE
    assert taken["notification"] == {"title": "Paid", "body": "KES 250"}
    assert taken["data"]["receipt"] == "4711:signed"
    assert taken["data"]["id"] == taken["android"]["notification"]["tag"]
    android = taken["android"]
    assert android["priority"] == "high"
    assert 3590 <= int(android["ttl"].rstrip("s")) <= 3600
    assert android["notification"] == {
        "channel_id": "transaction", "tag": "88", "notification_count": 3,
    }  # fmt: skip


def test_an_app_gets_what_its_buttons_say(there):
    there.ours.send(push(actions=(Action("was_me", "Ni mimi"),)))
    (taken,) = there.fake.ledger
    assert taken["data"]["actions"] == '[{"name":"was_me","title":"Ni mimi"}]'


def test_only_a_digest_replaces_what_waits_for_a_phone(there):
    there.ours.send(push())
    there.ours.send(push(is_digest=True, category="savings"))
    keys = [taken["android"].get("collapse_key") for taken in there.fake.ledger]
    assert keys == [None, "digest-savings"]


def test_one_token_serves_many_messages(fresh):
    for _ in range(3):
        assert fresh.ours.send(push(urgent=False)).outcome is Outcome.ACCEPTED
    assert len(fresh.fake.tokens) == 1
    assert fresh.fake.ledger[0]["android"]["priority"] == "normal"


def test_a_token_that_ended_early_is_asked_for_anew(fresh):
    fresh.ours.send(push())
    fresh.fake.valid.discard(fresh.fake.tokens[-1])
    answer = fresh.ours.send(push())
    assert (answer.outcome, answer.our_mistake) == (Outcome.LATER, False)
    assert fresh.ours.send(push(attempt=2)).outcome is Outcome.ACCEPTED
    assert len(fresh.fake.tokens) == 2


# From the reference: status, code, outcome, verdict, whether it is our mistake.
TABLE = """
404 UNREGISTERED           refused gone no
403 SENDER_ID_MISMATCH     refused gone yes
400 INVALID_ARGUMENT       refused gone no
429 QUOTA_EXCEEDED         later   -    no
503 UNAVAILABLE            later   -    no
500 INTERNAL               unknown -    no
401 THIRD_PARTY_AUTH_ERROR refused -    yes
500 NOVEL                  unknown -    no
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("status", "code", "outcome", "verdict", "mistake"), ROWS)
@pytest.mark.reported(number=15)
def test_each_code(there, status: str, code: str, outcome: str, verdict: str, mistake: str):
    there.fake.devices[PHONE] = (int(status), code)
    answer = there.ours.send(push())
    assert (answer.outcome.value, answer.status) == (outcome, int(status))
    assert answer.verdict == verdict.strip("-")
    assert answer.our_mistake is (mistake == "yes")


def test_the_table_has_no_code_that_is_not_tested():
    assert {row[1] for row in ROWS} == fcm.CODES.keys() | {"NOVEL"}


@pytest.mark.reported(number=15)
def test_a_bad_request_deletes_nobody(there):
    error = {
        "details": [
            {"@type": fcm._DETAIL, "errorCode": "INVALID_ARGUMENT"},
            {"@type": fcm._BAD_REQUEST, "fieldViolations": []},
        ]
    }
    there.fake.then(as_json(400, {"error": error}))
    answer = there.ours.send(push())
    assert (answer.outcome, answer.verdict, answer.our_mistake) == (Outcome.REFUSED, "", True)


@pytest.mark.parametrize(("attempt", "pause"), [(1, 10), (2, 20), (4, 80), (9, 600), (99, 600)])
def test_pauses_double(there, attempt: int, pause: float):
    there.fake.devices[PHONE] = (429, "QUOTA_EXCEEDED")
    assert there.ours.send(push(attempt=attempt)).retry_after_seconds == pause


def test_a_pause_that_is_asked_for_is_kept_exactly(there):
    detail = {"@type": fcm._DETAIL, "errorCode": "UNAVAILABLE"}
    told = as_json(503, {"error": {"details": [detail]}}, Retry_After="7")
    there.fake.then(told)
    assert there.ours.send(push(attempt=5)).retry_after_seconds == 7


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (Told(200, b"{"), "unknown"),
        (Told(200, b"[]"), "unknown"),
        (as_json(400, {"error": "x"}), "refused"),
        (as_json(400, {"error": {"details": [1, {}]}}), "refused"),
        (Told(500), "unknown"),
    ],
)
def test_answers_that_firebase_does_not_document(there, told: Told, outcome: str):
    there.fake.then(told)
    answer = there.ours.send(push())
    assert (answer.outcome.value, answer.verdict) == (outcome, "")


@pytest.mark.parametrize(
    ("told", "mistake"),
    [(Told(400), True), (Told(500), False), (Told(200, b"{}"), False), ("drop", False)],
)
def test_without_a_token_nothing_was_sent(fresh, told: Any, mistake: bool):
    fresh.fake.then(told)
    answer = fresh.ours.send(push())
    assert (answer.outcome, answer.our_mistake) == (Outcome.NOT_SENT, mistake)
    assert fresh.fake.ledger == []


def test_a_long_text_is_cut_to_what_firebase_takes(there):
    assert there.ours.send(push(body="x" * 9000)).outcome is Outcome.ACCEPTED
    assert there.fake.ledger[0]["notification"]["body"].endswith("…")


@pytest.mark.parametrize("text", ["", "{", "{}", '{"project_id": "p"}'])
def test_what_is_no_service_account_says_so(there, text: str):
    with pytest.raises(ValueError, match="service account"):
        google.read_account(text)


def test_a_service_account_whose_key_cannot_sign_says_so(there):
    with pytest.raises(ValueError, match="service account"):
        google.read_account(there.fake.account.replace("BEGIN", "NO"))


@pytest.fixture
def stranger(there: Any) -> Fcm:
    """A deployment with the key of an account that Google does not know."""
    wrong = there.fake.account.replace("push@", "other@")
    return Fcm(changed(there.options, fcm_service_account=wrong), client())


@pytest.mark.reported(number=15)
def test_a_bad_key_of_ours_deletes_nobody(there, stranger):
    answer = stranger.send(push())
    assert (answer.outcome, answer.verdict, answer.our_mistake) == (Outcome.NOT_SENT, "", True)


def test_the_login_can_be_checked_without_sending(there, stranger):
    assert there.ours.check().outcome is Outcome.ACCEPTED
    assert stranger.check().our_mistake
    assert there.fake.ledger == []
