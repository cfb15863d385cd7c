"""Sockets that ping while something else keeps their server busy, and how long the answer took.

`python -m bench.pinger PORT PATH SOCKETS SECONDS`, with the token in the variable TOKEN; prints
JSON: the milliseconds of each answer. All pings are written on one schedule, whatever the answers.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time

from bench.opening import Plan, Step, open_all
from tests.services.frames import TEXT, frame

EVERY_SECONDS = 0.01  # one socket after the other pings
LATE_SECONDS = 2.0  # for the last answers
_PING = frame(TEXT, b'{"type":"ping"}')


def ping(port: int, path: str, token: str, sockets: int, seconds: float) -> list[float]:
    """Return how long each answer took; raises TimeoutError if one never came."""
    plan = Plan(
        port, [path], [token], [Step("connection_established")], sockets=sockets, stuck=0,
        patience=30,
    )  # fmt: skip
    peers: list[socket.socket] = []
    open_all(plan, lambda peer, *_: peers.append(peer), lambda: None)
    poll = select.epoll()
    sent: dict[int, float] = {}  # socket → when its ping was due
    took: list[float] = []
    for peer in peers:
        poll.register(peer.fileno(), select.EPOLLIN)
    by_number = {peer.fileno(): peer for peer in peers}
    print(json.dumps({"ready": True}), flush=True)
    began = time.monotonic()
    count, turn = int(seconds / EVERY_SECONDS), 0
    while turn < count or sent:
        now = time.monotonic()
        due = began + turn * EVERY_SECONDS
        if turn < count and now >= due:
            peer = peers[turn % len(peers)]
            turn += 1
            if peer.fileno() not in sent:
                sent[peer.fileno()] = due
                peer.send(_PING)
            continue
        if turn >= count and now > due + LATE_SECONDS:
            raise TimeoutError(f"{len(sent)} pings were not answered")
        for number, _ in poll.poll(max(0.0, due - now) if turn < count else 0.1):
            data = by_number[number].recv(65_536)
            if not data:
                raise ConnectionError("the server closed a socket")
            if b'"pong"' in data and number in sent:
                took.append((time.monotonic() - sent.pop(number)) * 1000)
    return took


if __name__ == "__main__":
    found = ping(
        int(sys.argv[1]), sys.argv[2], os.environ["TOKEN"], int(sys.argv[3]), float(sys.argv[4])
    )
    print(json.dumps(found), flush=True)
