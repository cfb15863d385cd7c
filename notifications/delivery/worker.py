"""A worker: it judges ladders, closes digests, advances fallbacks, and has a lane for each channel.

Any number of them may run, on any number of machines. A poll each second is what promises that each
rung fires in time. Hints through the layer, when a ladder is due with its commit or another worker
has queued for a channel, and the time of the next ladder shorten the wait; by turns, as all workers
hear of them and one is enough.
"""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Sequence
from secrets import token_hex

from notifications.delivery import digests, due, fallback, hints, judge, reap
from notifications.delivery.ladders import DUE
from notifications.delivery.lane import Lane
from notifications.kinds import CHANNELS, Channel
from realtime.outgoing import worker
from realtime.outgoing.nudge import LEFT_SECONDS, Listener, Turn
from realtime.outgoing.worker import Loop

JUDGE = "judge"


class Worker(worker.Worker[Lane]):
    """Delivers until it is stopped."""

    def __init__(self, channels: Sequence[Channel] = CHANNELS, *, judges: bool = True) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{token_hex(2)}"[:64]
        super().__init__([Lane(channel, self.name) for channel in channels])
        self._judges = judges
        self._due = threading.Event()  # the judge is to look at once
        self._ladders_in = 0.0  # seconds, from its newest look
        self._turn = Turn()  # of the judge
        self._gathers = False  # the judge waits for more than its last look has found
        lanes = {hints.topic(lane.channel): lane for lane in self._lanes}
        calls = {topic: lane.hint for topic, lane in lanes.items()}
        turns = {topic: lane.turn for topic, lane in lanes.items()} | {DUE: self._turn}
        self.listener: Listener = Listener(calls | ({DUE: self._due.set} if judges else {}), turns)

    def loops(self) -> list[Loop]:
        """Return one for each channel, and that of the judge."""
        found = [
            Loop(role=lane.channel, step=lane.step, wait=lane.wait, lane=lane)
            for lane in self._lanes
        ]
        if self._judges:
            found.append(Loop(role=JUDGE, step=self._judge_much, wait=self._wait_for_ladders))
        return found

    def step_once(self) -> int:
        return self._judge() if self._judges else 0

    def stop(self) -> None:
        super().stop()
        self._due.set()

    def _judge(self) -> int:
        """Judge ladders, close digests, go on with fallbacks, end the leases of dead workers.

        The lanes look at once at what they have got.
        """
        found = due.of_judge()
        self._ladders_in = found.ladders_in
        judged = judge.judge_due() if found.ladders_in <= -self._left_for else 0
        others = digests.close_due() if found.digests else 0
        others += fallback.advance_due() if found.fallbacks else 0
        others += reap.reap() if found.leases else 0
        oldest_seconds = -found.ladders_in if judged else math.inf
        self._turn.looked(judged + others, oldest_seconds=oldest_seconds)
        self._gathers = judged < judge.BATCH and not others
        if judged or others:
            self.wake()
        return judged + others

    def _judge_much(self) -> int:
        """Judge; after a few ladders wait for more, as few at a time cost what many cost."""
        done = self._judge()
        return 0 if self._gathers else done

    @property
    def _left_for(self) -> float:
        """Return how many seconds a ladder is left to the judges of other workers."""
        return LEFT_SECONDS if self._turn.leaves else 0.0

    def _wait_for_ladders(self, seconds: float) -> None:
        """Wait until the next ladder is due or a hint comes, at most these seconds."""
        if self._ladders_in < seconds:
            due_in = self._ladders_in + self._left_for
            is_left = self._ladders_in <= 0 < due_in
            pause = self._turn.spread(due_in) if is_left else max(due_in, self._turn.pause())
            seconds = min(seconds, pause)
        if self._due.wait(seconds):
            self._due.clear()
