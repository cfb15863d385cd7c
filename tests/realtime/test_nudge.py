"""A hint goes through a real Redis to whoever listens, once the transaction has committed."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from realtime.layer.send import sender
from realtime.nudge import Listener, nudge
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
    listener = Listener("test", heard.set)
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


def test_without_a_layer_between_processes_nothing_listens() -> None:
    listener = Listener("test", lambda: None)
    listener.start()
    listener.stop()
    assert not listener.is_listening.is_set()
