"""All nodes are asked where a user's sockets are; one that does not answer is named."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from django.test import override_settings

from realtime import clock, survey
from realtime.core.continuity import StreamPosition
from realtime.core.notes import Note
from realtime.core.whereabouts import Survey
from realtime.db import threads
from realtime.layer import groups
from realtime.models import Node
from tests.realtime.rig import Member
from tests.services.ports import until
from tests.services.redis import Redis

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(hours=1)  # a node that reports then lives until the test is over
MEMORY = {"BACKEND": "channels.layers.InMemoryChannelLayer"}


@pytest.fixture
def redis() -> Iterator[Redis]:
    store = Redis(f"redis-survey-{uuid.uuid4().hex[:8]}")
    layer = {
        "BACKEND": "realtime.layer.pubsub.PubSubLayer",
        "CONFIG": {"hosts": [{"address": store.url}], "prefix": "survey"},
    }
    with override_settings(CHANNEL_LAYERS={"default": layer}):
        yield store
    store.stop()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a slow machine answer."""
    monkeypatch.setattr(survey, "PATIENCE_SECONDS", 30.0)


@asynccontextmanager
async def serving() -> AsyncIterator[Member]:
    """A node that has joined the layer and is in the registry."""
    member = Member(most=10)
    await member.hub.start()
    try:
        await until(lambda: member.hub.receiver.is_settled)
        await member.report()
        await threads.run(lambda: Node.objects.update(seen_at=clock.now() + LATER))
        yield member
    finally:
        await member.hub.stop()


async def asked(user_id: int) -> Survey:
    return await threads.run(survey.ask, user_id)


def listed(pk: str, *, since: timedelta = LATER) -> None:
    """Put a node into the registry that nobody is."""
    moment = clock.now() + since
    Node.objects.create(pk=pk, host="gone", pid=9, started_at=moment, seen_at=moment)


async def test_all_nodes_answer_with_the_sockets_of_one_user(redis: Redis) -> None:
    async with serving() as one, serving() as other:
        phone = one.attach(7, device="phone", device_class="phone")
        phone.connection.places["user:7"] = StreamPosition("e", 5)
        other.attach(7, device="desk")
        other.attach(8)
        found = await asked(7)
    by_device = {socket.device: socket for socket in found.sockets}
    assert by_device.keys() == {"phone", "desk"}
    assert by_device["phone"].node_id == one.hub.node_id
    assert by_device["desk"].node_id == other.hub.node_id
    assert [(at.name, at.offset) for at in by_device["phone"].streams] == [("user:7", 5)]
    assert found.silent == []


async def test_a_node_that_does_not_answer_is_named(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PATIENCE_SECONDS", 0.1)
    await threads.run(listed, "frozen")
    await threads.run(lambda: listed("dead", since=-LATER))
    found = await asked(7)
    assert [(node.id, node.name) for node in found.silent] == [("frozen", "gone:9")]
    assert found.sockets == []


async def test_an_answer_of_a_newer_release_keeps_no_other_from_being_heard(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as one, serving() as newer:
        one.attach(7, device="phone")
        newer.attach(7).connection.note((0.0, Note(kind="of_later")))  # type: ignore[arg-type]
        found = await asked(7)
    assert [socket.device for socket in found.sockets] == ["phone"]
    assert [node.id for node in found.silent] == [newer.hub.node_id]
    [line] = [each.getMessage() for each in caplog.records if each.name == survey.__name__]
    assert line.startswith(f"the answer of node {newer.hub.node_id} is not understood")


async def test_while_redis_is_away_all_nodes_are_silent(redis: Redis) -> None:
    await threads.run(listed, "unheard")
    redis.stop()
    found = await asked(7)
    assert [node.id for node in found.silent] == ["unheard"]


async def test_an_answer_from_another_deployment_is_none(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "deployment", lambda: "staging")
    monkeypatch.setattr(survey, "PATIENCE_SECONDS", 0.1)
    async with serving() as member:
        member.attach(7)
        found = await asked(7)  # the question too is another deployment's
    assert found.sockets == []
    assert [node.id for node in found.silent] == [member.hub.node_id]


@override_settings(CHANNEL_LAYERS={"default": MEMORY})
async def test_without_redis_the_node_of_this_process_answers() -> None:
    async with serving() as member:
        member.attach(7, device="phone")
        await threads.run(listed, "elsewhere")
        found = await asked(7)
    assert [socket.device for socket in found.sockets] == ["phone"]
    assert [node.id for node in found.silent] == ["elsewhere"]
    assert (await asked(7)).sockets == []  # it has stopped


def test_a_moment_is_the_databases() -> None:
    before = clock.now()
    assert before <= survey.ask(7).moment <= clock.now()
