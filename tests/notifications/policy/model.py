"""A second, slower implementation of the rules of a ladder, to compare `decide` with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from notifications.kinds.kind import Kind, Reach
from notifications.policy.facts import Chosen, Facts, Policy
from tests.notifications.policy.support import EVENT, NOON


class Model:
    """Computes the expected decision by asking each question of every rung."""

    def __init__(
        self, kind: Kind, facts: Facts, chosen: Chosen, policy: Policy, now: datetime, done: Any
    ) -> None:
        self.kind, self.facts, self.chosen = kind, facts, chosen
        self.policy, self.now, self.done = policy, now, done
        watched = any(rung.required_above for rung in kind.ladder)
        limit = chosen.sms_above
        amount = facts.amount
        self.above = watched and limit is not None and amount is not None and amount >= limit
        self.is_there = any(device.is_active for device in facts.devices)
        self.reach = max(
            [
                Reach.NONE,
                *[Reach.SEEN for _ in [facts.seen_at] if facts.seen_at],
                *[Reach.ON_DEVICE for device in facts.devices if (device.acked or 0) >= EVENT],
            ]
        )
        self.end = min(
            [NOON + kind.lives_for, *([facts.expires_at] if facts.expires_at is not None else [])]
        )

    def over(self) -> str:
        answers = {
            "cancelled": self.facts.cancelled_at is not None,
            "superseded": self.facts.superseded,
            "expired": self.now >= self.end,
            "inactive": not self.facts.user_is_active,
        }
        return next((name for name, holds in answers.items() if holds), "")

    def unless(self, number: int) -> Reach | None:
        rung = self.kind.ladder[number]
        return None if rung.required_above and self.above else rung.unless

    def needless(self, number: int) -> bool:
        unless = self.unless(number)
        return unless is not None and self.reach >= unless

    def answer(self, number: int) -> str:
        """Return the name of the first rule that speaks against a rung; "go" if none does."""
        rung = self.kind.ladder[number]
        state = self.facts.channels[rung.channel]
        required = rung.required or (rung.required_above and self.above)
        verified = [each for each in state.addresses if each.is_verified]
        usable = [each for each in verified if not each.suppressed]
        wish = None
        for scope in ("all", f"category:{self.kind.category}", f"kind:{self.kind.name}"):
            wish = self.chosen.cells.get(scope, {}).get(rung.channel, wish)
        muted = self.chosen.muted_until is not None and self.chosen.muted_until > self.now
        everything = self.chosen.consents.get((rung.channel, ""))
        own = self.chosen.consents.get((rung.channel, self.kind.category))
        local_hour = (self.now.hour + 3) % 24  # Kampala
        limits = [
            limit
            for limit in (self.kind.per_day, self.policy.per_day.get(rung.channel))
            if limit is not None
        ]
        waits = self.kind.digestible and rung.channel != "sms"
        capped = not self.kind.ignores_caps and bool(limits) and state.sent >= min(limits)
        night = local_hour >= 22 or local_hour < 7
        spared = self.kind.ignores_quiet_hours or self.above or rung.digest
        late = local_hour >= 20 or local_hour < 8
        by_choice = rung.channel == "email" and self.kind.category in self.chosen.digests
        optional = {
            "unsubscribed": False in (everything, own) or all(each.opted_out for each in usable),
            "no_consent": self.kind.opt_in and own is not True,
            "switched_off": wish is False,
            "muted": wish is None and muted,
            "not_chosen": wish is None and not rung.chosen,
            "join capped": capped and waits,
            "capped": capped,
            "hold quiet": bool(self.chosen.quiet) and night and not spared,
            "hold hours": rung.hours is not None and late and not spared,
            "reached": self.needless(number),
            "join digest": rung.digest or (self.kind.digestible and by_choice),
            "join volley": self.facts.held >= 3 and waits,
        }
        answers = {
            "channel_off": state.stopped or not state.configured,
            "no_address": not state.addresses,
            "unverified": not verified,
            "suppressed": not usable,
            **({"reached": self.needless(number)} if required else optional),
        }
        return next((name for name, holds in answers.items() if holds), "go")

    def due(self, number: int, at_once: bool) -> datetime:
        rung = self.kind.ladder[number]
        required = rung.required or (rung.required_above and self.above)
        no_app = not self.facts.channels["push"].addresses and self.facts.last_socket_at is None
        hurry = at_once or (no_app and required and rung.channel == "sms")
        times = [NOON + rung.after / self.policy.time_scale]
        if rung.at_once_if_away and not self.is_there:
            times.append(NOON)
        if hurry and (rung.unless is None or not self.is_there):
            times.append(NOON)
        if hurry:
            times.append(NOON + timedelta(seconds=10) / self.policy.time_scale)
        return min(times)

    def answers(self) -> dict[int, str]:
        """Return the answer for each open rung; "hold due" for one that is not due."""
        nobody = {"channel_off", "no_address", "unverified", "suppressed"}
        found: dict[int, str] = {}
        at_once = False
        for number in range(len(self.kind.ladder)):
            if number in self.done:
                rows = [each for each in self.facts.sent if each.rung == number]
                called = [each for each in rows if each.state != "skipped"]
                if called:
                    at_once = all(each.state == "failed" for each in called)
                elif any(each.reason in nobody for each in rows):
                    at_once = True
                continue
            is_due = self.due(number, at_once) <= self.now
            found[number] = self.answer(number) if is_due else "hold due"
            if found[number] in nobody:
                at_once = True
            elif found[number] == "go" or found[number].startswith(("join", "hold")):
                at_once = False
        return found
