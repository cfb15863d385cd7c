"""hoardrun's own server with a thread that publishes: nothing else reaches its layer.

Run as `python -m bench.peers.hoardrun_memory <port>` in the server's environment, and
driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import sys
import threading
import time
from operator import truediv
from statistics import median
from types import ModuleType
from typing import Any

import django
import uvicorn

from bench.counting import Uncounted
from bench.results import quantile

BLOCK = 20  # events one after the other with meters, and as many without
WARM = 4  # of them are not measured: the code finds its way again
GAP_SECONDS = 0.002  # in which the server rests
SHARE = 0.25  # the quartile of the events that other work of the machine has disturbed least


def main(port: int) -> None:
    """Serve until the input closes."""
    django.setup()
    from bench.peers.hoardrun_publisher import publish
    from realtime.cluster.serve import config
    from tests.services import driven

    server = uvicorn.Server(config(host="127.0.0.1", port=port))

    def obey() -> None:
        while not server.started:
            time.sleep(0.02)
        driven.serve({"publish": publish, "deliver": deliver})
        server.should_exit = True

    threading.Thread(target=obey, daemon=True).start()
    server.run()


def counting_modules() -> list[ModuleType]:
    """Return the modules that count something of a delivery, from the publisher to the socket."""
    from realtime import publish
    from realtime.hub import followed, rooms, socket, streams, wakeups, writes

    return [publish, followed, rooms, socket, streams, wakeups, writes]


def deliver(*, own_streams: bool, count: int, users: int) -> dict[str, Any]:
    """Publish events one by one, with meters and without in turns, to all or to one user each.

    Answers with the CPU seconds that one costs the publisher and the event loop, until it is
    written, with meters and without, and with their ratio. That is the median of the ratios of
    neighbouring blocks, so that what slows the machine for a while falls on both sides.
    """
    from bench.peers.hoardrun_publisher import announcement, balance
    from realtime.hub.hub import _hubs
    from realtime.publish import publish_many
    from realtime.streams import ANNOUNCEMENTS, user_stream

    [hub], loop = _hubs.values(), threading.main_thread().ident
    assert loop is not None
    clock, uncounted = time.pthread_getcpuclockid(loop), Uncounted(counting_modules())
    spent: dict[bool, list[list[float]]] = {True: [], False: []}
    for number in range(count):
        block, place = divmod(number, BLOCK)
        is_counted = block % 4 in {0, 3}  # neither side is always the first of the two
        if place == 0:
            uncounted.count(is_counted)
            spent[is_counted].append([])
        stream = user_stream(1 + number % users) if own_streams else ANNOUNCEMENTS
        payload = (balance if own_streams else announcement)(str(number))
        time.sleep(GAP_SECONDS)
        began, served = time.thread_time(), time.clock_gettime(clock)
        [event] = publish_many([(stream, payload)])
        published = time.thread_time() - began
        while hub.streams.followed[stream].place.offset < event.offset or hub.cycle._scheduled:
            time.sleep(GAP_SECONDS)
        if place >= WARM:
            spent[is_counted][-1].append(published + time.clock_gettime(clock) - served)
    uncounted.count(True)
    with_meters, without = (
        [quantile(block, SHARE) for block in spent[is_on]] for is_on in (True, False)
    )
    return {
        "counted": median(with_meters),
        "uncounted": median(without),
        "ratio": median(map(truediv, with_meters, without)),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))
