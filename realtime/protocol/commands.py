"""The commands of clients: one frozen struct per command, tagged by `type`.

A new command is one struct here, one arm in `realtime.core.state`, and a message that
has it among its `answers`. Surplus fields are refused: a misspelt option must not pass in silence.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

MAX_SAFE_INTEGER = 2**53 - 1  # the largest integer that JavaScript holds exactly

RequestId = Annotated[str, Meta(max_length=64)]
RoomName = Annotated[str, Meta(min_length=1, max_length=100)]
Offset = Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]
Rate = Literal["realtime", "1s", "5s"]

# The names in subscriptions: the filter types of all messages, in the order of registration.
FILTER_TYPES: list[str] = []
FilterType = Annotated[str, Meta(extra_json_schema={"enum": FILTER_TYPES})]


class Command(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag=""
):
    """Any command. Its `id`, if given, comes back in every answer to it."""

    example: ClassVar[dict[str, Any]] = {}

    id: RequestId | None = None
    """Comes back in every answer to this command."""


class _RoomCommand(Command, frozen=True, tag="_"):
    room: RoomName | None = None
    """One room."""
    rooms: Annotated[list[RoomName], Meta(min_length=1, max_length=100)] | None = None
    """Several rooms, in place of `room`."""

    def __post_init__(self) -> None:
        if (self.room is None) == (self.rooms is None):
            raise ValueError("give either `room` or `rooms`")

    @property
    def names(self) -> list[str]:
        """The rooms asked for, in order, without repetition."""
        return list(dict.fromkeys(self.rooms or [self.room or ""]))


class Ping(Command, frozen=True, tag="ping"):
    """Ask for a sign of life, and up to where this socket was sent each stream."""

    example = {"id": "1"}


class JoinRoom(_RoomCommand, frozen=True, tag="join_room"):
    """Join rooms; `rate` limits market data to the newest value per symbol and interval.

    Each room is answered by `room_joined` or an `error`. One `error` lists in `rooms` all that
    do not exist or are closed to the user, which look alike. A room beyond `limits.max_rooms`
    has an `error` of its own. Every five rooms of a command count as one more message.
    """

    example = {"id": "2", "room": "market:BTC-USD", "rate": "1s"}

    rate: Rate = "realtime"
    """Highest rate of one key's value: `realtime` as it is made, `1s` or `5s` once in that time."""


class LeaveRoom(_RoomCommand, frozen=True, tag="leave_room"):
    """Leave rooms; one `error` lists in `rooms` all that were not joined.

    Every five rooms of a command count as one more message.
    """

    example = {"id": "3", "rooms": ["market:BTC-USD", "market:crypto"]}


class ListRooms(Command, frozen=True, tag="list_rooms"):
    """Ask which rooms there are and which are joined."""

    example = {"id": "4"}


class _FilterCommand(Command, frozen=True, tag="_"):
    types: Annotated[list[FilterType], Meta(max_length=50)] | None

    def __post_init__(self) -> None:
        for place, name in enumerate(self.types or ()):
            if name not in FILTER_TYPES:
                raise ValueError(f"Invalid enum value {name!r} - at `$.types[{place}]`")


class SubscribeNotifications(_FilterCommand, frozen=True, tag="subscribe_notifications"):
    """Add to the types this socket is sent; nothing subscribed means everything."""

    example = {"id": "5", "types": ["transaction", "balance"]}

    types: Annotated[list[FilterType], Meta(max_length=50)]
    """Types to add."""


class UnsubscribeNotifications(_FilterCommand, frozen=True, tag="unsubscribe_notifications"):
    """Take types out of the subscription; without `types`, all of them."""

    example = {"id": "6", "types": ["balance"]}

    types: Annotated[list[FilterType], Meta(max_length=50)] | None = None
    """Types to take out; null: all."""


class Ack(Command, frozen=True, tag="ack"):
    """Say that everything of `stream` up to and including `offset` has been applied."""

    example = {"id": "7", "stream": "user:17", "offset": 42}

    stream: Annotated[str, Meta(min_length=1, max_length=100)]
    """The stream's name."""
    offset: Offset
    """The last event that was applied; all before it count as applied too."""


class Presence(Command, frozen=True, tag="presence"):
    """Say whether the person is there. Send it on each change, and anew on each connection.

    `active`: the page is visible and focused, and had input within the last minute. A socket that
    has said nothing counts as one whose person is away.
    """

    example = {"id": "9", "state": "active"}

    state: Literal["active", "away"]
    """`active` or `away`."""


class Authenticate(Command, frozen=True, tag="authenticate"):
    """Log in, or renew the login of a live socket, with an access token."""

    example = {"id": "8", "token": "<access token>"}

    token: Annotated[str, Meta(min_length=1, max_length=8192)]
    """An access token."""


AnyCommand = (
    Ping
    | JoinRoom
    | LeaveRoom
    | ListRooms
    | SubscribeNotifications
    | UnsubscribeNotifications
    | Ack
    | Presence
    | Authenticate
)
COMMAND_TYPES: frozenset[str] = frozenset(
    str(command.__struct_config__.tag) for command in AnyCommand.__args__
)
