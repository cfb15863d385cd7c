"""JSON that almost is a command, and text that is nothing of the kind."""

from __future__ import annotations

import json
from random import Random
from typing import Any

VALID: list[dict[str, Any]] = [
    {"type": "ping"},
    {"type": "join_room", "room": "market_data"},
    {"type": "join_room", "rooms": ["market:crypto", "market_data:TEST"], "rate": "1s"},
    {"type": "leave_room", "room": "market_data"},
    {"type": "list_rooms"},
    {"type": "subscribe_notifications", "types": ["balance", "security"]},
    {"type": "unsubscribe_notifications"},
    {"type": "ack", "stream": "announcements", "offset": 0},
    {"type": "presence", "state": "away"},
    {"type": "authenticate", "token": "a.b.c"},
]
# Names of methods that a careless dispatcher would call.
TYPES = [
    "websocket.receive", "websocket.disconnect", "websocket_receive", "__call__", "__class__",
    "hub.events", "hub.ephemeral", "chat.message", "close", "send", "dispatch", "as_asgi", "PING",
    "ping ", "ping\x00", "", "error", "notification", "p" * 5000,
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**53, 2**63, 2**64, 10**30, -(10**30), "", " ", "x" * 65,
    "x" * 64, "\x00", "\u202e", "\U0001f4b8", "\ufeff", "é" * 101, "'; DROP TABLE users; --",
    "<img onerror=1>", "../../etc/passwd", "user:1", "user:2", "stream.user.1", "*", "$", "%s%n",
    [], {}, [[]], [None], ["a"] * 101, {"a": {"b": {}}}, ["market_data", 1], "market:" + "X" * 90,
    "2026-13-45", "NaN",
]  # fmt: skip
TEXTS = [
    "", " ", "null", "true", "0", '"ping"', "[]", "{}", "{", "}", "[", "nul", "{'type':'ping'}",
    '{"type":"ping",}', '{"type":"ping"}{"type":"ping"}', '{"type":"ping"} x', "\ufeff{}",
    '{"type":NaN}', '{"type":"ack","stream":"a","offset":Infinity}',
    '{"type":"ping","id":"\\ud800"}', '{"type":"join_room","room":"\\udc00\\ud800"}',
    '{"type":"ping","type":"ping"}', "\x00",
    '{"type":"ack","stream":"announcements","offset":1e999}',
    '{"type":"ack","stream":"announcements","offset":00}', '{"\\u0074ype":"ping","extra":1}',
]  # fmt: skip


def message(random: Random) -> str:
    """Make one; now and then it is a good one."""
    match random.randrange(8):
        case 0:
            return random.choice(TEXTS)
        case 1:
            return json.dumps({"type": random.choice(TYPES), "id": "i"})
        case 2:
            return _deep(random)
        case 3:
            return _cut(random, json.dumps(random.choice(VALID)))
        case 4:
            return "".join(chr(random.randrange(1, 0xD800)) for _ in range(random.randrange(40)))
        case 5:
            pad = random.choice([65_000, 65_500, 65_536 - 26])
            return json.dumps({"type": "ping", "pad": "x" * pad})[:65_536]
        case _:
            return json.dumps(_changed(random, dict(random.choice(VALID))))


def _changed(random: Random, command: dict[str, Any]) -> dict[str, Any]:
    for _ in range(random.randrange(1, 3)):
        name = random.choice([*command, "room", "rooms", "id", "offset", "rate", "surplus", "\x00"])
        if random.random() < 0.2:
            command.pop(name, None)
        else:
            command[name] = random.choice(VALUES)
    return command


def _deep(random: Random) -> str:
    depth = random.choice([20, 21, 1000, 30_000])
    opener, closer = random.choice([("[", "]"), ('{"a":', "}")])
    if depth * len(opener) > 60_000:
        depth = 10_000
    inner = opener * depth + "1" + closer * (depth if random.random() < 0.5 else 0)
    return random.choice([inner, f'{{"type":"ping","id":{inner}}}', f'{{"type":{inner}}}'])[:65_536]


def _cut(random: Random, text: str) -> str:
    at = random.randrange(len(text))
    return random.choice(
        [text[:at], text[at:], text[:at] + chr(random.randrange(32, 127)) + text[at:]]
    )
