"""Send the clients of a replay the recording and heartbeats, with the faults over both."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from hoardrun.market.recording.client import Client
from hoardrun.market.recording.clock import Clock, shifted
from hoardrun.market.recording.faults import Fault, Faults, Kind
from hoardrun.market.recording.tape import Break, News, Tape
from hoardrun.market.recording.venues.base import Market, Speaker

TURN_SECONDS = 0.05


class Stage:
    """Sends to all clients at their times. `pace` divides the venue's own waits."""

    def __init__(
        self, tape: Tape, speaker: Speaker, clock: Clock, faults: Faults, *, pace: float
    ) -> None:
        self.market = Market(tape, clock)
        self.market.refuses = lambda symbol: bool(self.fault(Kind.REFUSE, symbol))
        self.market.refuses_logins = lambda: bool(self.fault(Kind.REFUSE_LOGIN))
        self.clients: dict[int, Client] = {}
        self.counts: Counter[str] = Counter()  # frames sent, connections cut as slow
        self._speaker, self._clock, self._faults, self._pace = speaker, clock, faults, pace
        self._is_in_maintenance = False

    def fault(self, kind: Kind, symbol: str = "") -> Fault | None:
        """Return a fault that holds now."""
        return self._faults.active(kind, self._clock.position, symbol)

    @property
    def has_subscribers(self) -> bool:
        return any(client.seat.subscriptions for client in self.clients.values())

    # -- the recording

    def play(self, news: News) -> None:
        """Send a frame of the recording to those who have subscribed to it."""
        for client in list(self.clients.values()):
            if client.seat.wants(news):
                self._send(client, news)

    async def stop(self, each: Break) -> None:
        """End all connections as the recorded one ended."""
        ends = (client.end(each.code, each.reason) for client in list(self.clients.values()))
        await asyncio.gather(*ends)

    async def room(self) -> None:
        """Wait until all clients have read most of what they were sent."""
        for client in list(self.clients.values()):
            await client.room()

    def say(self, texts: Iterable[str]) -> None:
        """Send frames to all connections as they are."""
        for text in texts:
            for client in list(self.clients.values()):
                client.put(text)

    def answer(self, client: Client, answers: Sequence[str | News]) -> None:
        """Send answers to a request."""
        for answer in answers:
            if isinstance(answer, str):
                client.put(answer)
            else:
                self._send(client, answer)

    def _send(self, client: Client, news: News) -> None:
        for late, text in self._faults.course(news, self._clock.position):
            moved = shifted(text, self._clock.shift) if news.t else text
            self.counts["frames"] += 1
            if late:
                asyncio.get_running_loop().call_later(late / self._pace, client.put, moved)
            else:
                client.put(moved)

    # -- what happens by itself

    async def watch(self) -> None:
        """Let faults begin and end at their times, and send heartbeats."""
        while True:
            await asyncio.sleep(TURN_SECONDS / max(1.0, self._pace))
            self.strike()
            self._beat()

    def strike(self) -> None:
        """Let what is due happen to the connections."""
        position = self._clock.position
        clients = list(self.clients.values())
        if fault := self._faults.active(Kind.CUT, position):
            for client in clients:
                client.cut(fault.code)
            if fault.times != float("inf"):
                self._faults.happens(Kind.CUT, position)
        if self._faults.active(Kind.HALF_OPEN, position):
            for client in clients:
                client.freeze()
        while fault := self._faults.active(Kind.INJECT, position):
            self.say([fault.text])
            self._faults.lift(fault)
        is_due = self._faults.active(Kind.MAINTENANCE, position) is not None
        if is_due != self._is_in_maintenance:
            self._is_in_maintenance = is_due
            self.say(self._speaker.maintenance(is_over=not is_due))

    def _beat(self) -> None:
        every = self._speaker.heartbeat_seconds
        if every is None or self.fault(Kind.STILL):
            return
        for client in list(self.clients.values()):
            last = client.beat_at
            if self._speaker.beats_when_idle:
                last = max(last, client.sent_at)
            if time.monotonic() - last >= every / self._pace:
                client.beat_at = time.monotonic()
                for text in self._speaker.heartbeats(client.seat, self.market):
                    client.put(text)
