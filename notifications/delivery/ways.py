"""The ways of claimed deliveries: their providers, what of these is blocked, and earlier calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from notifications.channels import registry
from notifications.channels.message import Provider, Target
from notifications.delivery import doubt, failover
from notifications.delivery.compose import target_of
from notifications.delivery.failover import Choice, Tried
from notifications.kinds import CHANNELS, Channel
from notifications.models import Attempt, Delivery
from realtime.outgoing import Outcome, pacing


class Calls:
    """The calls that were made for some deliveries before."""

    def __init__(self, rows: Sequence[Delivery]) -> None:
        self._tried: dict[int, list[Tried]] = defaultdict(list)
        again = [row.pk for row in rows if row.attempts]
        if not again:
            return
        calls = Attempt.objects.filter(delivery__in=again).order_by("lease")
        columns = ("delivery_id", "lease", "provider", "outcome")
        for pk, lease, provider, outcome in calls.values_list(*columns):
            self._tried[pk].append(Tried(lease, provider, outcome))

    def tried(self, row: Delivery) -> list[Tried]:
        """Return the calls of a delivery, the newest last."""
        return self._tried[row.pk]

    def unsettled(self, row: Delivery) -> str:
        """Return the provider of the newest call, if nobody knows how that ended."""
        is_known = any(
            one.lease == row.lease and one.outcome != Outcome.UNKNOWN for one in self.tried(row)
        )
        return row.provider if row.attempts and not is_known else ""

    def may_have_left(self, row: Delivery) -> bool:
        """Say whether nobody knows how one of the calls ended."""
        known = sum(one.outcome != Outcome.UNKNOWN for one in self.tried(row))
        return doubt.may_have_left(row, known)


class Ways:
    """The providers of some deliveries of a channel, and which names let no call through.

    One query asks for all: hosts, providers, and the channels that staff have stopped.
    """

    def __init__(self, channel: Channel, rows: Sequence[Delivery]) -> None:
        self._targets = {row.pk: target_of(row) for row in rows if row.address is not None}
        self._orders = {
            pk: {one.name: one for one in registry.providers(channel, target)}
            for pk, target in self._targets.items()
        }
        self._hosts = {
            (pk, name): {name, one.host(self._targets[pk])}
            for pk, order in self._orders.items()
            for name, one in order.items()
        }
        names = {name for some in self._hosts.values() for name in some}
        gates = {registry.gate(each): each for each in CHANNELS}
        self._blocked = pacing.blocked({*names, *gates}).keys()
        self.stopped = frozenset(each for name, each in gates.items() if name in self._blocked)
        self.is_stopped = channel in self.stopped

    def choose(self, row: Delivery, calls: Calls) -> Choice:
        """Choose the provider to call; none where none lets calls through.

        A stopped channel ends the rungs of ladders; what belongs to none of them waits for it.
        """
        order = {} if self.is_stopped else self._orders[row.pk]
        closed = {name for name in order if self._hosts[row.pk, name] & self._blocked}
        return failover.choose(list(order), calls.tried(row), closed, calls.unsettled(row))

    def provider(self, row: Delivery, name: str) -> Provider:
        """Return a provider that `choose` has named."""
        return self._orders[row.pk][name]

    def target(self, row: Delivery) -> Target:
        """Return the address of a delivery that is to go."""
        return self._targets[row.pk]
