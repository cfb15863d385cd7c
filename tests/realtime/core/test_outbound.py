"""The queue of a socket: its order, its bound, and the newest value of a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.core.frames import Frame
from realtime.core.outbound import Outbound


@pytest.fixture
def queue() -> Outbound:
    return Outbound(100)


@pytest.fixture
def held(queue: Outbound) -> Outbound:
    queue.holding = True
    return queue


def drain(queue: Outbound) -> list[bytes]:
    return [frame.data for frame in queue.take()]


def test_frames_keep_their_order(queue: Outbound) -> None:
    queue.put(Frame(b"1"))
    assert queue.offer(Frame(b"2"))
    queue.put_newest("k", Frame(b"3"))
    assert drain(queue) == [b"1", b"2", b"3"]
    assert queue.size == 0


def test_events_beyond_the_limit_are_refused_and_answers_never() -> None:
    queue = Outbound(10)
    queue.put(Frame(b"x" * 10))
    assert not queue.offer(Frame(b"event"))
    queue.put(Frame(b"answer"))
    assert drain(queue) == [b"x" * 10, b"answer"]
    assert queue.offer(Frame(b"event"))


def test_a_held_queue_keeps_the_newest_of_a_key_in_its_place(held: Outbound) -> None:
    held.put_newest("a", Frame(b"a1"))
    held.put_newest("b", Frame(b"b1"))
    held.put_newest("a", Frame(b"a2 longer"))
    assert held.size == Frame(b"a2 longer").size + Frame(b"b1").size
    assert drain(held) == [b"a2 longer", b"b1"]


def test_a_queue_that_is_not_held_keeps_each_value(queue: Outbound) -> None:
    queue.put_newest("a", Frame(b"a1"))
    queue.put_newest("a", Frame(b"a2"))
    assert drain(queue) == [b"a1", b"a2"]


def test_the_values_of_a_room_can_be_removed(held: Outbound) -> None:
    held.put_newest("room a", Frame(b"1"))
    held.put_newest("room2 a", Frame(b"2"))
    held.forget("room ")
    assert drain(held) == [b"2"]


def test_a_value_of_a_room_joined_again_waits_behind_earlier_frames(held: Outbound) -> None:
    old, left, new = Frame(b"old"), Frame(b"left"), Frame(b"new")
    held.put_newest("room BTC", old)
    held.forget("room ")
    held.put(left)
    held.put_newest("room BTC", new)
    assert held.take() == [left, new]


def test_the_first_waiting_frame_is_announced_once() -> None:
    begun = []

    class Listening(Outbound):
        def begin(self) -> None:
            begun.append(self.size)

    queue = Listening(100)
    queue.put(Frame(b"1"))
    queue.offer(Frame(b"2"))
    queue.put_newest("k", Frame(b"3"))
    assert begun == [0]
    queue.take()
    queue.put_newest("k", Frame(b"4"))
    assert begun == [0, 0]


def test_a_closed_queue_takes_no_frame(queue: Outbound) -> None:
    queue.put(Frame(b"1"))
    queue.refuse()
    queue.put(Frame(b"2"))
    assert queue.offer(Frame(b"3"))  # done with: it is not read from the log either
    queue.put_newest("k", Frame(b"4"))
    assert drain(queue) == [b"1"]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.binary(max_size=20)),
            st.tuples(st.just("offer"), st.binary(max_size=20)),
            st.tuples(st.sampled_from(["a", "b"]), st.binary(max_size=20)),
            st.just(("take", b"")),
            st.just(("forget", b"")),
        )
    )
)
def test_the_size_is_always_that_of_the_waiting_frames(steps: list[tuple[str, bytes]]) -> None:
    queue = Outbound(50)
    queue.holding = True
    for step, data in steps:
        match step:
            case "put":
                queue.put(Frame(data))
            case "offer":
                before = queue.size
                assert queue.offer(Frame(data)) == (before < 50)
            case "take":
                queue.take()
            case "forget":
                queue.forget("a")
            case key:
                queue.put_newest(key, Frame(data))
        assert queue.size >= 0
    size = queue.size
    assert sum(frame.size for frame in queue.take()) == size
    assert queue.size == 0
