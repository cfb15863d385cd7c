"""Callbacks that are sent again, late and twice; balances; a mood."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpcore

from hoardrun.demo.providers.money.clock import Agenda, Clock
from hoardrun.demo.providers.money.server import STILL, Money
from hoardrun.demo.providers.mood import Mood
from tests.hoardrun.demo.providers.money.support import CallbackServer, Merchant


def test_a_callback_that_is_refused_comes_again(merchant: Merchant):
    merchant.callbacks.refuses = 2
    merchant.mtn_collect("256771234500")
    merchant.money.advance(3)
    assert len(merchant.callbacks.asked) == 1
    for _ in range(3):
        merchant.money.advance(10)
    assert [status for _, status in merchant.money.processor.sender.posted] == [503, 503, 200]


def test_a_callback_that_nobody_takes_is_given_up(merchant: Merchant):
    merchant.callbacks.refuses = 100
    merchant.mtn_collect("256771234500")
    for _ in range(10):
        merchant.money.advance(60)
    assert len(merchant.callbacks.asked) == 5


def test_a_callback_to_nowhere_harms_nothing(merchant: Merchant):
    nowhere = {"X-Callback-Url": "http://localhost:1/in"}
    body = {
        "amount": "5000", "currency": "UGX", "externalId": "7",
        "payer": {"partyIdType": "MSISDN", "partyId": "256771234500"},
    }  # fmt: skip
    reference = {"X-Reference-Id": "6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10"}
    path = "/collection/v1_0/requesttopay"
    assert merchant.mtn("POST", path, body, **nowhere, **reference)[0] == 202
    merchant.money.advance(3)
    assert [status for _, status in merchant.money.processor.sender.posted] == [0]


def test_balance_follows_what_is_paid(merchant: Merchant):
    merchant.mtn_collect("256771234500")
    merchant.mtn_collect("256771234502")
    path = "/collection/v1_0/account/balance"
    assert merchant.mtn("GET", path)[1]["availableBalance"] == "10000000"
    merchant.money.advance(3)
    assert merchant.mtn("GET", path)[1]["availableBalance"] == "10005000"
    other = merchant.mtn("GET", "/disbursement/v1_0/account/balance")[1]  # an account of its own
    assert other["availableBalance"] == "10000000"


def test_a_mood_sends_callbacks_late_and_twice():
    mood = Mood(late=1, doubled=1, late_seconds=60)
    with (
        CallbackServer() as callbacks,
        Money(pace=STILL, mood=mood) as money,
        httpcore.ConnectionPool() as http,
    ):
        Merchant(money, callbacks, http).mtn_collect("256771234500")
        money.advance(3)
        assert callbacks.asked == []
        money.advance(120)
        assert len(callbacks.asked) == 2


def test_the_same_request_at_the_same_time_is_taken_once(merchant: Merchant):
    body = {
        "amount": "5000", "currency": "UGX", "externalId": "7",
        "payer": {"partyIdType": "MSISDN", "partyId": "256771234500"},
    }  # fmt: skip
    reference = {"X-Reference-Id": "6f1a3c52-0e0b-4a3e-9d2f-0c5b6f1d7a10"}
    path = "/collection/v1_0/requesttopay"
    merchant.mtn("GET", "/collection/v1_0/account/balance")
    with ThreadPoolExecutor(8) as pool:
        begun = pool.map(lambda _: merchant.mtn("POST", path, body, **reference)[0], range(16))
        assert sorted(begun) == [202] + [409] * 15


def test_jobs_are_done_in_the_order_of_their_times():
    agenda = Agenda(Clock(STILL), threads=1)
    done: list[float] = []
    agenda.start()
    for when in (3.0, 1.0, 2.0, 9.0):
        agenda.at(when, partial(done.append, when))
    agenda.advance(5)
    agenda.close()
    assert done == [1.0, 2.0, 3.0]


def test_a_faster_pace_shortens_the_seconds():
    before = time.monotonic()
    clock = Clock(0.001)
    after = time.monotonic()
    time.sleep(0.01)
    least = time.monotonic() - after
    passed = clock.now()
    assert least * 1000 <= passed <= (time.monotonic() - before) * 1000
