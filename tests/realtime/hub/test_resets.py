"""Sockets of a stream that is put at another place take a snapshot, not all at the same moment."""

from __future__ import annotations

import pytest

from realtime import log
from realtime.hub import resets
from tests.realtime.rig import STREAM, Node, logged, turned
from tests.services.ports import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("crowd", "most_ms"), [(20, 0), (2000, 10_000), (50_000, 60_000)])
async def test_the_snapshots_of_a_new_epoch_are_spread_by_the_number_of_sockets(
    crowd: int, most_ms: int
) -> None:
    node = Node()
    node.crowd += [None] * crowd
    notebooks = [node.join()[1] for _ in range(20)]
    await logged(1)
    await node.streams.resets.begin_anew()
    await turned()
    told = [m["data"]["snapshot_after_ms"] for n in notebooks for m in n.messages()]
    assert len(told) == 20
    assert most_ms / 4 <= max(told) <= most_ms
    assert len(set(told)) > 10 or not most_ms


async def test_the_snapshots_of_one_stream_are_spread_by_the_number_of_its_sockets() -> None:
    node = Node()
    node.crowd += [None] * 12_000
    _, notebook = node.join()
    await logged(1)
    followed = node.streams.followed[STREAM]
    node.streams.resets.reset(followed, log.Head("new", 3, 0), "epoch")
    await turned()
    assert [m["data"]["snapshot_after_ms"] for m in notebook.messages()] == [0]


async def test_streams_that_are_reset_together_are_one_line_of_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resets, "LOG_SECONDS", 0.01)
    node = Node()
    socket, _ = node.join()
    for count in (1, 9):
        for number in range(count):
            followed = node.streams.add(f"user:{number}", socket)
            node.streams.resets.reset(followed, log.Head("new", 3, 0), "epoch")
        await until(lambda: not node.streams.resets._unlogged)
    assert [record.getMessage() for record in caplog.records] == [
        "stream user:0: resynchronised (epoch)",
        "9 streams resynchronised (epoch)",
    ]
