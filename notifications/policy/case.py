"""One rung that is judged, with what all rules ask about it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.policy.channel import usable
from notifications.policy.facts import (
    AddressState,
    ChannelState,
    Chosen,
    Facts,
    Ladder,
    Policy,
    Reached,
    Rule,
    Skip,
)

_OFF = ChannelState(configured=False)


def is_above(kind: Kind, facts: Facts, chosen: Chosen) -> bool:
    """Say whether an amount that the user watches reaches what the user has set.

    Amounts of another currency do not compare.
    """
    return (
        chosen.sms_above is not None
        and facts.amount is not None
        and facts.currency == chosen.sms_above_currency
        and facts.amount >= chosen.sms_above
        and any(rung.required_above for rung in kind.ladder)
    )


def is_required(rung: Rung, *, above: bool) -> bool:
    """Say whether no wish of the user counts for a rung."""
    return rung.required or (above and rung.required_above)


def condition(rung: Rung, *, above: bool) -> Reach | None:
    """Return the reach that makes a rung needless. From the user's amount on it always goes."""
    return None if above and rung.required_above else rung.unless


class Case(Struct, frozen=True, gc=False):
    """One rung with its ladder and all that is known."""

    number: int
    ladder: Ladder
    facts: Facts
    chosen: Chosen
    policy: Policy
    now: datetime
    reached: Reached
    above: bool

    @property
    def kind(self) -> Kind:
        return self.ladder.kind

    @property
    def rung(self) -> Rung:
        return self.ladder.kind.ladder[self.number]

    @property
    def state(self) -> ChannelState:
        return self.facts.channels.get(self.rung.channel, _OFF)

    @property
    def required(self) -> bool:
        return is_required(self.rung, above=self.above)

    @property
    def addresses(self) -> list[AddressState]:
        """Return the addresses that there are for this kind."""
        former = self.kind.to_former_address
        return [each for each in self.state.addresses if former or not each.former]

    @property
    def usable(self) -> list[AddressState]:
        """Return the addresses that nothing forbids."""
        return usable(self.addresses, required=self.required)

    def skip(self, rule: Rule, reason: str = "", *, alarm: bool = False) -> Skip:
        """Return that nothing is sent by this rung."""
        return Skip(
            rung=self.number,
            channel=self.rung.channel,
            rule=rule,
            reason=reason or rule,
            required=self.required,
            stored=rule != "not_chosen",
            alarm=alarm and self.required,
        )
