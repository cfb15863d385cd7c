"""The effects of each command on a connection, decided without I/O."""

from __future__ import annotations

import json

import pytest

from realtime.core.continuity import StreamPosition
from realtime.core.effects import Close, Effect, Fail, Filter, Leave
from realtime.core.limits import Buckets, TokenBucket
from realtime.core.state import ConnectionState
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import Ack, JoinRoom, Ping, Presence
from realtime.protocol.connection import Limits

LIMITS = Limits(
    max_message_bytes=1000,
    max_messages_per_second=10,
    max_message_burst=20,
    max_rooms=3,
    max_connections=2,
)


@pytest.fixture
def alice() -> ConnectionState:
    connection = ConnectionState("c1", LIMITS)
    connection.user_id = 1
    connection.places = {"user:1": StreamPosition("a", 5), "announcements": StreamPosition("b", 2)}
    return connection


def say(connection: ConnectionState, message: object, now: float = 0.0) -> list[Effect]:
    text = message if isinstance(message, str) else json.dumps(message)
    found = []
    for effect in connection.receive(text, now):
        found.append(effect)
        if isinstance(effect, Filter):
            connection.subscriptions = effect.types  # as the node does
    return found


def refusal(connection: ConnectionState, message: object, now: float = 0.0) -> Fail:
    """Return the one effect of a command that is refused."""
    [effect] = say(connection, message, now)
    assert isinstance(effect, Fail)
    return effect


def test_a_ping_keeps_its_request_id(alice: ConnectionState) -> None:
    assert say(alice, {"type": "ping", "id": "7"}) == [Ping(id="7")]


def test_a_room_named_twice_is_joined_once(alice: ConnectionState) -> None:
    join = JoinRoom(rooms=["a", "b", "a"], rate="1s", id="x")
    said = {"type": "join_room", "rooms": ["a", "b", "a"], "rate": "1s", "id": "x"}
    assert say(alice, said) == [join]
    assert join.names == ["a", "b"]


def test_a_room_beyond_the_limit_is_refused_unless_it_is_joined(alice: ConnectionState) -> None:
    alice.rooms = dict.fromkeys("abc"[: LIMITS.max_rooms - 1], "realtime")
    assert alice.may_enter("z", None) is None
    alice.rooms["z"] = "realtime"
    assert alice.may_enter("z", None) is None
    refused = alice.may_enter("y", "7")
    assert refused is not None
    assert (refused.code, refused.id) == (ErrorCode.TOO_MANY_ROOMS, "7")
    assert refused.rooms == ("y",)


def test_a_command_of_many_rooms_counts_as_several_messages(alice: ConnectionState) -> None:
    def accepted(now: float) -> int:
        """Count the pings that are accepted at once."""
        found = 0
        while isinstance(say(alice, {"type": "ping"}, now=now)[0], Ping):
            found += 1
        return found

    burst = accepted(0.0)
    for kind in ("join_room", "leave_room"):
        for rooms, messages in ((1, 1), (4, 1), (5, 2), (50, 11)):
            alice._bucket = TokenBucket(1.0, float(burst))
            command = {"type": kind, "rooms": [f"r{number}" for number in range(rooms)]}
            assert not isinstance(say(alice, command)[0], Ping)
            assert accepted(0.0) == burst - messages


def test_a_command_of_more_than_the_bucket_delays_the_next(alice: ConnectionState) -> None:
    alice._bucket = TokenBucket(1.0, 2.0)
    command = {"type": "join_room", "rooms": [f"r{number}" for number in range(50)]}
    assert isinstance(say(alice, command)[0], JoinRoom)  # eleven messages, of which two were there
    for second in range(1, 10):
        refusal(alice, {"type": "ping"}, now=float(second))
    assert say(alice, {"type": "ping"}, now=10.0) == [Ping()]


def test_only_joined_rooms_are_left(alice: ConnectionState) -> None:
    alice.rooms = {"a": "realtime"}
    left, refused = say(alice, {"type": "leave_room", "rooms": ["a", "b"]})
    assert left == Leave("a", None)
    assert isinstance(refused, Fail)
    assert refused.code is ErrorCode.NOT_JOINED
    assert refused.rooms == ("b",)


def test_rooms_that_are_not_joined_are_one_error(alice: ConnectionState) -> None:
    rooms = [f"r{number}" for number in range(100)]
    refused = refusal(alice, {"type": "leave_room", "rooms": rooms, "id": "x"})
    assert (refused.rooms, refused.id) == (tuple(rooms), "x")
    assert len(refused.message) < 100


def test_every_event_is_sent_until_a_type_is_subscribed(alice: ConnectionState) -> None:
    assert alice.wants("marketing")
    say(alice, {"type": "subscribe_notifications", "types": ["security"]})
    assert not alice.wants("marketing")
    assert alice.wants("security")
    assert alice.wants("")  # announcements have no filter type


def test_subscribing_answers_with_all_subscribed_types(alice: ConnectionState) -> None:
    say(alice, {"type": "subscribe_notifications", "types": ["security", "balance"]})
    [reply] = say(alice, {"type": "subscribe_notifications", "types": ["transaction"]})
    assert reply == Filter(frozenset({"balance", "security", "transaction"}))
    [reply] = say(alice, {"type": "unsubscribe_notifications", "types": ["security"]})
    assert reply == Filter(frozenset({"balance", "transaction"}))
    [reply] = say(alice, {"type": "unsubscribe_notifications"})
    assert reply == Filter(frozenset())
    assert alice.wants("marketing")


def test_an_ack_of_a_sent_event_is_stored(alice: ConnectionState) -> None:
    assert say(alice, {"type": "ack", "stream": "user:1", "offset": 5}) == [
        Ack(stream="user:1", offset=5)
    ]


@pytest.mark.parametrize(
    ("stream", "offset", "code"),
    [
        ("user:1", 6, ErrorCode.INVALID_OFFSET),
        ("user:2", 1, ErrorCode.UNKNOWN_STREAM),
        ("user:1", -1, ErrorCode.INVALID_MESSAGE),
        ("user:1", 2**60, ErrorCode.INVALID_MESSAGE),
    ],
)
def test_an_ack_of_an_event_that_was_not_sent_is_refused(
    alice: ConnectionState, stream: str, offset: int, code: ErrorCode
) -> None:
    refused = refusal(alice, {"type": "ack", "stream": stream, "offset": offset, "id": "a"})
    assert (refused.code, refused.id) == (code, "a")


def test_an_ack_up_to_a_resynchronisation_is_refused(alice: ConnectionState) -> None:
    alice.places["user:1"] = StreamPosition("new", 80)
    alice.resynced("user:1", 80)
    for offset in (50, 80):
        refused = refusal(alice, {"type": "ack", "stream": "user:1", "offset": offset})
        assert refused.code is ErrorCode.INVALID_OFFSET
        assert "80" in refused.message
    alice.places["user:1"].offset = 81
    assert say(alice, {"type": "ack", "stream": "user:1", "offset": 81}) == [
        Ack(stream="user:1", offset=81)
    ]


def test_a_late_ack_counts_for_no_later_event_of_its_number(alice: ConnectionState) -> None:
    alice.resynced("user:1", 90)  # it was written up to there
    alice.resynced("user:1", 85)  # and again, before an ack can have come
    alice.places["user:1"] = StreamPosition("newest", 95)
    refused = refusal(alice, {"type": "ack", "stream": "user:1", "offset": 90})
    assert refused.code is ErrorCode.INVALID_OFFSET
    assert say(alice, {"type": "ack", "stream": "user:1", "offset": 91}) == [
        Ack(stream="user:1", offset=91)
    ]


def test_a_command_before_the_login_closes() -> None:
    stranger = ConnectionState("c2", LIMITS)
    refused, closed = say(stranger, {"type": "join_room", "room": "a"})
    assert isinstance(refused, Fail)
    assert refused.code is ErrorCode.UNAUTHENTICATED
    assert closed == Close(CloseCode.UNAUTHORIZED)


def test_messages_beyond_the_rate_are_refused_and_later_ones_taken(alice: ConnectionState) -> None:
    assert [say(alice, {"type": "ping"}) for _ in range(20)] == [[Ping()]] * 20
    assert refusal(alice, {"type": "ping"}).code is ErrorCode.RATE_LIMITED
    assert say(alice, {"type": "ping"}, now=1.0) == [Ping()]


def test_a_client_that_does_not_slow_down_is_closed(alice: ConnectionState) -> None:
    answers = [say(alice, {"type": "ping"})[0] for _ in range(200)]
    assert Close(CloseCode.RATE_LIMITED) in answers


def test_a_flood_with_some_accepted_messages_is_closed(alice: ConnectionState) -> None:
    answers = [say(alice, {"type": "ping"}, now=number / 1000)[0] for number in range(300)]
    accepted = [number for number, answer in enumerate(answers) if isinstance(answer, Ping)]
    assert accepted[-1] > 100  # the bucket fills while the flood goes on
    assert Close(CloseCode.RATE_LIMITED) in answers


def test_a_client_slightly_above_the_rate_is_kept(alice: ConnectionState) -> None:
    limit = LIMITS.max_messages_per_second
    for number in range(3000):
        [answer] = say(alice, {"type": "ping"}, now=number / (1.5 * limit))
        assert not isinstance(answer, Close)


@pytest.mark.parametrize("text", ["é" * 501, "x" * 1001])
def test_a_message_is_limited_by_its_bytes(alice: ConnectionState, text: str) -> None:
    error, close = say(alice, text)
    assert isinstance(error, Fail)
    assert error.code is ErrorCode.MESSAGE_TOO_LARGE
    assert close == Close(CloseCode.TOO_LARGE)


def test_a_binary_frame_closes(alice: ConnectionState) -> None:
    error, close = alice.receive(None, 0.0)
    assert isinstance(error, Fail)
    assert error.code is ErrorCode.BINARY_NOT_SUPPORTED
    assert close == Close(CloseCode.BINARY)


def test_all_sockets_of_a_user_share_one_rate() -> None:
    of_users = Buckets(10, 30)
    phone, laptop = (ConnectionState(name, LIMITS, of_users=of_users) for name in ("p", "l"))
    phone.user_id = laptop.user_id = 17
    answers = [say(c, {"type": "ping"})[0] for _ in range(20) for c in (phone, laptop)]
    assert [type(answer) for answer in answers] == [Ping] * 30 + [Fail] * 10
    somebody = ConnectionState("s", LIMITS, of_users=of_users)
    somebody.user_id = 18
    assert say(somebody, {"type": "ping"}) == [Ping()]


def test_presence_is_left_to_the_node(alice: ConnectionState) -> None:
    assert say(alice, {"type": "presence", "state": "away", "id": "p"}) == [
        Presence(state="away", id="p")
    ]
    fail = refusal(alice, {"type": "presence", "state": "asleep", "id": "p"})
    assert (fail.code, fail.id) == (ErrorCode.INVALID_MESSAGE, "p")


def test_a_person_was_there_until_it_is_said_that_they_are_not(alice: ConnectionState) -> None:
    assert not alice.be_active(False, 1.0)
    assert alice.active_at is None
    assert alice.be_active(True, 2.0)
    assert not alice.be_active(True, 3.0)
    assert alice.be_active(False, 5.0)
    assert not alice.be_active(False, 8.0)
    assert (alice.is_active, alice.active_at) == (False, 5.0)


def test_a_connection_knows_the_last_offset_that_it_acknowledged(alice: ConnectionState) -> None:
    assert alice.acked is None
    for offset in (3, 5, 4):
        say(alice, {"type": "ack", "stream": "user:1", "offset": offset})
    refusal(alice, {"type": "ack", "stream": "user:1", "offset": 6})
    assert alice.acked == {"user:1": 5}
    alice.resynced("user:1", 5)
    assert alice.acked == {}
