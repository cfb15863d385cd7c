"""A worker of payments: a lane for each provider, the callbacks that nobody has read, balances.

Any number may run, on any number of machines. It polls, and a hint through the layer shortens the
wait for a new payment.
"""

from __future__ import annotations

from typing import ClassVar

from hoardrun.payments.calling import balances
from hoardrun.payments.calling.hints import TOPIC
from hoardrun.payments.calling.lane import Lane
from hoardrun.payments.inbox.processing import Sweeper
from hoardrun.payments.providers.settings import configured
from hoardrun.payments.readings import WORKER
from realtime.outgoing import worker
from realtime.outgoing.nudge import Listener
from realtime.outgoing.worker import Loop

BALANCES, BALANCES_SECONDS = "payment-balances", 5.0


class Worker(worker.Worker[Lane]):
    """Moves payments until it is stopped."""

    poll_seconds: ClassVar[float] = 0.5
    last_calls_seconds: ClassVar[float] = 30.0

    def __init__(self) -> None:
        super().__init__([Lane(name) for name in configured()])
        self.listener: Listener = Listener({TOPIC: self.wake})

    def loops(self) -> list[Loop]:
        """Return one for each provider, and those of callbacks and of balances.

        The heartbeat of all is that of callbacks, as a deployment may have no provider.
        """
        found = [
            Loop(
                role=f"payments-{lane.name}",
                step=lane.step,
                wait=lane.wait,
                lane=lane,
                beats=False,
            )
            for lane in self._lanes
        ]
        return [
            *found,
            Loop(role=WORKER, step=Sweeper().step, wait=self._stopping.wait),
            Loop(role=BALANCES, step=balances.ask, wait=self._wait_for_balances, beats=False),
        ]

    def step_once(self) -> int:
        return Sweeper(at_once=True).step()

    def _wait_for_balances(self, seconds: float) -> None:
        """Wait longer than others do: they are asked for once a minute."""
        self._stopping.wait(max(seconds, BALANCES_SECONDS))
