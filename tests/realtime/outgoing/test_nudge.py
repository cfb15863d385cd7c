"""A hint goes through a real Redis to whoever listens, once the transaction has committed."""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import transaction
from django.test import override_settings

from realtime.layer.send import sender
from realtime.outgoing import nudge as hints
from realtime.outgoing.nudge import Listener, Turn, nudge
from tests.services.redis import Redis


@pytest.fixture
def redis() -> Iterator[Redis]:
    store = Redis(f"redis-nudge-{uuid.uuid4().hex[:8]}")
    layer = {
        "BACKEND": "realtime.layer.pubsub.PubSubLayer",
        "CONFIG": {"hosts": [{"address": store.url}], "prefix": "nudges"},
    }
    with override_settings(CHANNEL_LAYERS={"default": layer}):
        yield store
    store.stop()


@pytest.mark.django_db(transaction=True)
def test_a_listener_is_called_after_the_commit(redis: Redis) -> None:
    heard = threading.Event()
    listener = Listener({"test": heard.set})
    listener.start()
    try:
        assert listener.is_listening.wait(10)
        with transaction.atomic():
            nudge("test")
            sender.flush()
            assert not heard.is_set()
        assert heard.wait(10)
        heard.clear()
        nudge("another")
        nudge("test")
        assert heard.wait(10)
    finally:
        listener.stop()


@pytest.mark.django_db(transaction=True)
def test_each_topic_has_its_own_call(redis: Redis) -> None:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    listener = Listener({name: partial(heard.put, name) for name in ("one", "two")})
    listener.start()
    try:
        assert listener.is_listening.wait(10)
        nudge("two")
        assert heard.get(timeout=10) == "two"
        nudge("one")
        assert heard.get(timeout=10) == "one"
        assert heard.empty()
    finally:
        listener.stop()


@pytest.mark.django_db(transaction=True)
def test_many_commits_at_once_send_one_hint(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(sender, "put", sent.extend)
    monkeypatch.setattr(hints, "SPACING_SECONDS", 60.0)
    hints._sent.clear()
    for _ in range(5):
        with transaction.atomic():
            nudge("test")
            nudge("test")
    nudge("another")
    assert sent == [("test", [""]), ("another", [""])]
    hints._sent.clear()


@pytest.mark.django_db(transaction=True)
def test_what_is_left_out_was_committed_when_the_listener_looks(redis: Redis) -> None:
    committed = 0
    looks: queue.SimpleQueue[int] = queue.SimpleQueue()
    listener = Listener({"test": lambda: looks.put(committed)})
    listener.start()
    try:
        assert listener.is_listening.wait(10)
        for _ in range(200):  # the last of them is most likely left out
            committed += 1
            nudge("test")
        while looks.get(timeout=10) < committed:
            pass
    finally:
        listener.stop()


def test_without_a_layer_between_processes_nothing_listens() -> None:
    listener = Listener({"test": lambda: None})
    listener.start()
    listener.stop()
    assert not listener.is_listening.is_set()


@pytest.fixture
def latest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each pause be the longest that chance may choose."""
    monkeypatch.setattr("random.uniform", lambda least, most: most)


def test_who_comes_too_late_twice_leaves_it_to_others_until_something_is_left(latest: None) -> None:
    turn = Turn()
    turn.looked(1)
    for _ in range(2):
        assert (turn.pause(), turn.leaves) == (0.25, False)
        turn.looked(0)
    assert (turn.pause(), turn.leaves) == (1.25, True)
    turn.looked(1)
    assert (turn.pause(), turn.leaves) == (0.25, False)


def test_who_finds_several_waits_longer_for_more(latest: None) -> None:
    turn = Turn()
    turn.looked(3)
    assert (turn.pause(), turn.leaves) == (0.5, False)
    turn.looked(2)
    assert (turn.pause(), turn.leaves) == (0.25, False)


def test_who_finds_only_what_others_left_over_comes_too_late(
    latest: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    turn = Turn()
    turn.looked(3, oldest_seconds=0.1)  # its first look: nobody can say
    for oldest, leaves in ((0.3, False), (0.1, False), (0.3, False), (0.1, False), (0.1, True)):
        turn.pause()
        now += 0.5
        turn.looked(3, oldest_seconds=oldest)
        assert turn.leaves is leaves
    turn.pause()
    now += 1.0
    turn.looked(3, oldest_seconds=0.7)  # nobody else has come
    assert not turn.leaves


def test_one_or_two_that_have_just_become_due_make_nobody_late(latest: None) -> None:
    turn = Turn()
    for _ in range(4):
        turn.looked(2, oldest_seconds=0.0)
        turn.pause()
    assert not turn.leaves


def test_a_poll_that_finds_nothing_makes_nobody_late() -> None:
    turn = Turn()
    for _ in range(3):
        turn.looked(0)
    assert not turn.leaves


@pytest.mark.django_db(transaction=True)
def test_the_turn_of_a_topic_says_how_soon_it_is_called(redis: Redis) -> None:
    class Late(Turn):
        def pause(self) -> float:
            return 60.0

    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    calls = {name: partial(heard.put, name) for name in ("late", "soon")}
    listener = Listener(calls, {"late": Late()})
    listener.start()
    try:
        assert listener.is_listening.wait(10)
        nudge("late")
        nudge("soon")
        assert heard.get(timeout=10) == "soon"
        assert heard.empty()
    finally:
        listener.stop()
