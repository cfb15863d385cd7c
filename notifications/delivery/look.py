"""The last look at deliveries, in the transaction that claims them: what is still to go?

It asks the rules of `policy` again with what is committed now: read, seen, acknowledged, cancelled,
expired, suppressed, switched off, quiet. What is not to go is skipped with the rule that says so,
or waits for its time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from notifications.choices import DeliveryState
from notifications.delivery import deployment, facts, fallback, people
from notifications.delivery.facts import Case
from notifications.delivery.people import Person
from notifications.kinds import Channel, Reach
from notifications.models import Delivery
from notifications.policy.decide import judge
from notifications.policy.facts import Go, Hold, Join, Reached, Skip

RESENT = "resend"  # decided by a person, or because nobody could know: no rule is asked again
REACHED = "reached_before_send"


class Look:
    """The committed facts about some deliveries of one channel."""

    def __init__(
        self, rows: Sequence[Delivery], now: datetime, stopped: Collection[Channel]
    ) -> None:
        """`stopped` has the channels that staff have stopped."""
        self.now = now
        self.policy = deployment.policy()
        of_notifications = {row.notification_id for row in rows if row.notification_id is not None}
        self.cases: Mapping[int, Case] = facts.of_notifications(of_notifications)
        oldest: dict[int, int] = {}
        for row in rows:
            if row.notification_id in self.cases:
                oldest[row.notification_id] = min(row.pk, oldest.get(row.notification_id, row.pk))
        facts.add_people(list(self.cases.values()), now, oldest, stopped)
        others = {row.user_id for row in rows if row.notification_id not in self.cases}
        self._others: Mapping[int, Person] = people.load(others, now) if others else {}
        self._fallbacks = fallback.standing(rows, now)
        self.joins: list[tuple[Case, Join]] = []

    def case(self, row: Delivery) -> Case | None:
        """Return the ladder that a delivery belongs to."""
        return None if row.notification_id is None else self.cases.get(row.notification_id)

    def person(self, row: Delivery) -> Person:
        """Return the user that a delivery goes to."""
        case = self.case(row)
        return self._others[row.user_id] if case is None else case.person

    def lets_go(self, row: Delivery) -> bool:
        """Say whether a delivery is to be sent now. Otherwise its row says what becomes of it."""
        if row.expires_at <= self.now:
            return self._ends(row, DeliveryState.EXPIRED, "expired")
        if row.announcement_id is not None:
            return self._goes_on(row, row.announcement_id)
        case = self.case(row)
        if case is None or row.decided_by == RESENT or row.rung >= len(case.kind.ladder):
            return self._may_be_used(row)
        verdict = judge(row.rung, case.ladder, case.facts, case.chosen, self.policy, self.now)
        row.preference_version = case.chosen.version
        match verdict:
            case Go() if row.address_id in verdict.addresses:
                return True
            case Go():  # others of the user's addresses may be used, and not this one
                return self._may_be_used(row) or self._ends(row, DeliveryState.SKIPPED, "other")
            case Hold():
                row.not_before, row.reason = verdict.until, verdict.rule
            case Join():
                self.joins.append((case, verdict))
                self._ends(row, DeliveryState.SKIPPED, "digest")
            case Skip():
                self._skip(row, verdict)
        return False

    def _goes_on(self, row: Delivery, announcement_id: int) -> bool:
        """Say whether an emergency announcement is still to go to a user by SMS."""
        if announcement_id in self._fallbacks.over:
            return self._ends(row, DeliveryState.CANCELLED, "cancelled")
        if (has_it := self._fallbacks.applied.get((announcement_id, row.user_id))) is not None:
            row.decided_by = "reached"
            row.evidence = msgspec.to_builtins(
                Reached(
                    reach=Reach.ON_DEVICE, how="acked", device=has_it.device, at=has_it.acked_at
                )
            )
            return self._ends(row, DeliveryState.SKIPPED, REACHED)
        return self._may_be_used(row)

    def _may_be_used(self, row: Delivery) -> bool:
        """Say whether the address of a delivery may be used."""
        person = self.person(row)
        if not person.is_active:
            return self._ends(row, DeliveryState.CANCELLED, "inactive")
        known = {one.id: one for found in person.addresses.values() for one in found}
        address = known.get(row.address_id or 0)
        if address is None:
            return self._ends(row, DeliveryState.SKIPPED, "no_address")
        state = address.state(row.category)
        if not state.is_verified:
            return self._ends(row, DeliveryState.SKIPPED, "unverified")
        if why := state.suppressed or (not row.required and state.opted_out):
            return self._ends(row, DeliveryState.SKIPPED, f"suppressed({why})")
        return True

    def _skip(self, row: Delivery, skip: Skip) -> None:
        row.decided_by = skip.rule
        if skip.evidence is not None:
            row.evidence = msgspec.to_builtins(skip.evidence)
        if skip.rule in {"cancelled", "superseded", "inactive"}:
            self._ends(row, DeliveryState.CANCELLED, skip.rule)
        elif skip.rule == "expired":
            self._ends(row, DeliveryState.EXPIRED, skip.rule)
        else:
            reason = REACHED if skip.rule == "reached" else skip.reason
            self._ends(row, DeliveryState.SKIPPED, reason)

    def _ends(self, row: Delivery, state: DeliveryState, reason: str) -> bool:
        row.state, row.reason = state, reason[:64]
        return False
