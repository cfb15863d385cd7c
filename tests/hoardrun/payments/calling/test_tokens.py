"""The tokens of providers' calls: each is fetched once, and renewed before it ends."""

from __future__ import annotations

import threading

import pytest

from hoardrun.payments.calling.tokens import NoToken, Tokens
from hoardrun.payments.providers.interface import Request
from hoardrun.payments.providers.registry import PROVIDERS
from realtime.outgoing import Outcome, Reply

MTN = PROVIDERS["mtn"]
ASK = Request(method="POST", path="/collection/token/", headers={"Authorization": "Basic a"})
URL = "https://provider.example"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Fetch:
    """Gives a new token each time, that lives for 1,000 seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.works = True

    def __call__(self, request: Request) -> Reply:
        self.count += 1
        body = f'{{"access_token":"t{self.count}","expires_in":1000}}'.encode()
        if not self.works:
            return Reply(outcome=Outcome.UNKNOWN, status=503)
        return Reply(outcome=Outcome.ACCEPTED, status=200, body=body)


def test_a_token_is_kept_for_most_of_its_life_and_for_its_own_keys() -> None:
    clock, fetch = Clock(), Fetch()
    tokens = Tokens(clock)
    assert [tokens.get(MTN, URL, ASK, fetch) for _ in range(2)] == ["t1", "t1"]
    other = Request(method="POST", path=ASK.path, headers={"Authorization": "Basic b"})
    assert tokens.get(MTN, URL, other, fetch) == "t2"
    assert tokens.get(MTN, "https://other.example", ASK, fetch) == "t3"
    clock.now = 799
    assert tokens.get(MTN, URL, ASK, fetch) == "t1"
    clock.now = 801
    assert tokens.get(MTN, URL, ASK, fetch) == "t4"


def test_an_old_token_is_used_while_another_thread_renews_it() -> None:
    clock, fetch = Clock(), Fetch()
    tokens = Tokens(clock)
    tokens.get(MTN, URL, ASK, fetch)
    clock.now = 850
    asked, answered = threading.Event(), threading.Event()

    def slow(request: Request) -> Reply:
        asked.set()
        assert answered.wait(10)
        return fetch(request)

    renewed: list[str] = []
    thread = threading.Thread(target=lambda: renewed.append(tokens.get(MTN, URL, ASK, slow)))
    thread.start()
    assert asked.wait(10)
    assert tokens.get(MTN, URL, ASK, fetch) == "t1"  # without waiting
    answered.set()
    thread.join(10)
    assert renewed == ["t2"] and tokens.get(MTN, URL, ASK, fetch) == "t2"
    assert fetch.count == 2


def test_threads_that_have_no_token_fetch_one_together() -> None:
    fetch, tokens = Fetch(), Tokens(Clock())
    asked, answered = threading.Event(), threading.Event()

    def slow(request: Request) -> Reply:
        asked.set()
        assert answered.wait(10)
        return fetch(request)

    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(tokens.get(MTN, URL, ASK, slow)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert asked.wait(10)
    answered.set()
    for thread in threads:
        thread.join(10)
    assert found == ["t1"] * 4 and fetch.count == 1


def test_without_an_answer_an_old_token_goes_on_and_then_there_is_none() -> None:
    clock, fetch = Clock(), Fetch()
    tokens = Tokens(clock)
    tokens.get(MTN, URL, ASK, fetch)
    fetch.works = False
    clock.now = 850
    assert tokens.get(MTN, URL, ASK, fetch) == "t1"
    clock.now = 950
    with pytest.raises(NoToken) as caught:
        tokens.get(MTN, URL, ASK, fetch)
    assert caught.value.reply.status == 503


def test_a_token_that_was_refused_is_forgotten_but_not_its_successor() -> None:
    fetch, tokens = Fetch(), Tokens(Clock())
    tokens.get(MTN, URL, ASK, fetch)
    tokens.drop(URL, ASK, "t1")
    assert tokens.get(MTN, URL, ASK, fetch) == "t2"
    tokens.drop(URL, ASK, "t1")  # of a call that had begun before
    assert tokens.get(MTN, URL, ASK, fetch) == "t2"
