"""What calls of providers tell, on real sockets: whatever happens is evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from hoardrun.payments.calling import calls
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.interface import Order
from tests.hoardrun.payments.calling.support import PENDING, TAKEN, TOKEN, provider, reached
from tests.realtime.outgoing.servers import answer

ORDER = Order(
    id="6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10",
    kind="collect",
    amount=Decimal(5000),
    currency="UGX",
    country="UG",
    msisdn="+256771234567",
    at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    text="Order 7",
    note="Order 7",
)
PUSH = replace(ORDER, currency="KES", country="KE", msisdn="+254712345678", reference="INV1")
REFUSED = answer(401, b'{"error":"invalid_token"}')


def told(called: calls.Called) -> tuple[Claim, str, Source]:
    return called.evidence.claim, called.evidence.reason, called.evidence.source


def test_a_payment_is_asked_for_with_a_token_and_looked_at() -> None:
    with provider(token=[TOKEN], requesttopay=[TAKEN, PENDING]) as mtn, reached(mtn):
        begun = calls.begin("mtn", ORDER, mtn.url)
        looked = calls.look("mtn", ORDER, mtn.url)
    assert told(begun) == (Claim.ACCEPTED, "", Source.ACK)
    assert told(looked) == (Claim.WAITING, "", Source.QUERY)
    assert mtn.lines() == [
        "POST /collection/token/",
        "POST /collection/v1_0/requesttopay",
        f"GET /collection/v1_0/requesttopay/{ORDER.id}",
    ]
    head = mtn.asked[1].head
    assert "Authorization: Bearer t0ken" in head and f"X-Reference-Id: {ORDER.id}" in head
    assert "User-Agent: hoardrun-payments" in head


def test_a_token_that_ends_midway_is_renewed_once() -> None:
    with provider(token=[TOKEN], requesttopay=[REFUSED, TAKEN]) as mtn, reached(mtn):
        assert told(calls.begin("mtn", ORDER, mtn.url)) == (Claim.ACCEPTED, "", Source.ACK)
    assert len([line for line in mtn.lines() if "token" in line]) == 2


def test_a_token_that_is_refused_twice_is_a_mistake_of_ours() -> None:
    with provider(token=[TOKEN], requesttopay=[REFUSED]) as mtn, reached(mtn):
        begun = calls.begin("mtn", ORDER, mtn.url)
        looked = calls.look("mtn", ORDER, mtn.url)
    assert told(begun) == (Claim.NOT_PAID, "config", Source.ACK)
    assert begun.evidence.retry_safe and begun.is_our_mistake
    assert told(looked) == (Claim.UNKNOWN, "token", Source.QUERY) and looked.is_our_mistake
    assert len([line for line in mtn.lines() if line.startswith("POST /collection/v1_0")]) == 2


def test_darajas_own_word_for_an_old_token_renews_it() -> None:
    old = answer(404, b'{"errorCode":"404.001.03","errorMessage":"Invalid Access Token"}')
    taken = answer(200, b'{"ResponseCode":"0","CheckoutRequestID":"ws_CO_1"}')
    with provider(oauth=[TOKEN], stkpush=[old, taken]) as daraja, reached(daraja):
        begun = calls.begin("daraja", PUSH, daraja.url)
    assert begun.evidence.claim is Claim.ACCEPTED
    assert begun.evidence.provider_request_id == "ws_CO_1"


@pytest.mark.parametrize(
    ("token", "begun", "looked"),
    [
        (REFUSED, (Claim.NOT_PAID, "config"), (Claim.UNKNOWN, "token")),
        (answer(503), (Claim.NOT_PAID, "not_sent"), (Claim.UNKNOWN, "no_answer")),
        (None, (Claim.NOT_PAID, "not_sent"), (Claim.UNKNOWN, "no_answer")),
    ],
)
def test_without_a_token_nothing_is_asked_for(token: bytes | None, begun: Any, looked: Any) -> None:
    with provider(token=[token]) as mtn, reached(mtn):
        assert told(calls.begin("mtn", ORDER, mtn.url))[:2] == begun
        assert told(calls.look("mtn", ORDER, mtn.url))[:2] == looked
    assert all("token" in line for line in mtn.lines())


def test_a_request_that_breaks_off_may_have_been_taken() -> None:
    with provider(token=[TOKEN], requesttopay=[None]) as mtn, reached(mtn):
        begun = calls.begin("mtn", ORDER, mtn.url)
        looked = calls.look("mtn", ORDER, mtn.url)
    assert told(begun) == (Claim.UNKNOWN, "timeout", Source.ACK) and begun.has_failed
    assert not begun.evidence.retry_safe
    assert told(looked) == (Claim.UNKNOWN, "no_answer", Source.QUERY) and looked.has_failed


def test_where_nobody_listens_nothing_was_taken() -> None:
    with provider(v2=[TAKEN]) as pawapay, reached(pawapay):
        pass
    with reached(pawapay):
        begun = calls.begin("pawapay", replace(ORDER, wallet="MTN_MOMO_UGA"), pawapay.url)
    assert told(begun) == (Claim.NOT_PAID, "not_sent", Source.ACK)
    assert begun.evidence.retry_safe and begun.has_failed


def test_an_address_inside_is_never_called() -> None:
    with provider(v2=[TAKEN]) as pawapay, reached(pawapay):
        begun = calls.begin("pawapay", replace(ORDER, wallet="X"), "https://10.0.0.1")
    assert told(begun) == (Claim.NOT_PAID, "config", Source.ACK) and begun.is_our_mistake
    assert pawapay.asked == []


def test_a_push_without_its_id_cannot_be_asked_about() -> None:
    with provider(oauth=[TOKEN]) as daraja, reached(daraja):
        looked = calls.look("daraja", PUSH, daraja.url)
    assert told(looked) == (Claim.UNKNOWN, "no_answer", Source.QUERY)
    assert looked.evidence.raw_code == "unasked" and not looked.has_failed


def test_an_answer_that_says_nothing_yet_is_no_trouble_of_the_provider() -> None:
    waits = answer(500, b'{"errorCode":"500.001.1001"}')
    asked = answer(200, b'{"ResponseCode":"0","ConversationID":"AG_1"}')
    with provider(oauth=[TOKEN], query=[waits, asked]) as daraja, reached(daraja):
        push = calls.look("daraja", replace(PUSH, provider_request_id="ws_CO_1"), daraja.url)
        payout = calls.look("daraja", replace(PUSH, kind="payout"), daraja.url)
    assert told(push)[0] is Claim.WAITING and told(payout)[1] == "no_answer"
    assert not push.has_failed and not payout.has_failed


def test_keys_that_make_no_request_send_none() -> None:
    with provider(oauth=[TOKEN]) as daraja, reached(daraja, DARAJA_SHORTCODE="six"):
        begun = calls.begin("daraja", PUSH, daraja.url)
    assert told(begun) == (Claim.NOT_PAID, "config", Source.ACK)
    assert daraja.lines() == ["GET /oauth/v1/generate?grant_type=client_credentials"]


def test_a_retry_after_is_kept_for_the_pace() -> None:
    busy = answer(503, b"", "Retry-After: 7")
    with provider(token=[TOKEN], requesttopay=[busy]) as mtn, reached(mtn):
        assert calls.begin("mtn", ORDER, mtn.url).retry_after_seconds == 7


def test_names_and_balances_are_asked_for() -> None:
    name = answer(200, b'{"given_name":"Amina","family_name":"Nakato"}')
    balance = answer(200, b'{"availableBalance":"120000","currency":"UGX"}')
    answers = {"token": [TOKEN], "oauth": [TOKEN], "balance": [balance]}
    with provider(**answers, basicuserinfo=[REFUSED, name]) as mtn, reached(mtn):
        payout = replace(ORDER, kind="payout")
        assert calls.ask_name("mtn", payout, mtn.url) == "Amina Nakato"
        assert calls.ask_balance("mtn", "payout", "UGX", mtn.url) == Decimal(120000)
        assert calls.ask_balance("mtn", "payout", "RWF", mtn.url) is None
        assert calls.ask_name("daraja", PUSH, mtn.url) is None  # it says no names
    assert "GET /disbursement/v1_0/accountholder/msisdn/256771234567/basicuserinfo" in mtn.lines()


def test_whatever_is_answered_to_a_question_about_a_name_raises_nothing() -> None:
    page, broken = answer(200, b"<html>"), answer(500)
    for token, said, told in (
        (None, page, None), (REFUSED, page, None), (TOKEN, broken, None), (TOKEN, None, None),
        (TOKEN, page, ""), (TOKEN, answer(404, b"{}"), ""),
    ):  # fmt: skip
        with provider(token=[token], basicuserinfo=[said]) as mtn, reached(mtn):
            assert calls.ask_name("mtn", ORDER, mtn.url) == told
