"""Checks each notification: what of its ladder had to leave, and whether it did, and in time."""

from __future__ import annotations

from typing import Any

from tests.centre.evidence import Delivery, Notice
from tests.centre.history import History
from tests.centre.table import KINDS, Rung
from tests.centre.times import Fired, Times
from tests.centre.verdict import LATE_SECONDS, REGISTRY, Verdict


class Wanted:
    """The checks of what had to leave."""

    def __init__(self, history: History, verdict: Verdict) -> None:
        self.history, self.verdict = history, verdict
        self.found, self.people = history.found, history.people
        self.times = Times(self.found.healed)

    def check(self, notice: Notice) -> None:
        ladder, kind = self.found.ladders.get(notice.id), KINDS.get(notice.kind)
        if ladder is None or kind is None:
            return
        if ladder.closed is None and ladder.due < self.found.ended - LATE_SECONDS:
            self.verdict.add("unexplained", f"the ladder of {notice.id} is due and not judged")
        for number, rung in enumerate(kind.rungs):
            rows = self.history.by_rung.get((notice.id, number), [])
            due = ladder.committed + rung.after / self.found.scale
            self._measure(rows, due, notice, rung)
            # A ladder that is over sends nothing more, however early the run ended.
            is_to_come = due > self.found.ended and ladder.closed is None
            if is_to_come or self._is_over(notice):
                continue
            wanted = rung.wish == "on" and self.found.people[notice.user]["plain"]
            if rung.wish != "required" and not (wanted and not rung.digest):
                continue
            if self.history.of_notice.get((notice.id, rung.channel)):
                continue
            if not self._is_excused(notice, ladder, rung, rows):
                self.verdict.add(
                    "missed",
                    f"{notice.kind} {notice.id} of user {notice.user} by {rung.channel}: "
                    f"{[(row.state, row.reason) for row in rows]}, ladder {ladder.reason}",
                )
            elif not rows and ladder.reason == "exhausted" and self._has(notice.user, rung.channel):
                self.verdict.add("unexplained", f"{notice.id}: nothing says why no {rung.channel}")

    def _is_over(self, notice: Notice) -> bool:
        return notice.id in self.people.cancelling or notice.id in self.history.voided

    def _has(self, user: int, channel: str) -> bool:
        return any(one["channel"] == channel for one in self.found.people[user]["addresses"])

    def _is_excused(self, notice: Notice, ladder: Any, rung: Rung, rows: list[Delivery]) -> bool:
        """Say whether a rung may have sent nothing."""
        values = [
            one["value"]
            for one in self.found.people[notice.user]["addresses"]
            if one["channel"] == rung.channel
        ]
        if not values or all(self.history.refused.get(value) == "refused" for value in values):
            return True
        if rows and all(row.state in {"unresolved", "failed"} and row.claims for row in rows):
            return True  # asked: refused, or nobody can know
        # A last look may skip it long after it was decided: it waited for a worker.
        until = max((row.updated for row in rows), default=ladder.closed or self.found.ended)
        until += REGISTRY
        words = self.history.words
        is_kept = rung.channel == "sms" and rung.wish == "required"  # a STOP does not end it
        if not is_kept and all(
            words.may_have_ended(value, ladder.committed, until) for value in values
        ):
            return True
        if not rung.unless:
            return False
        if notice.id in self.people.seeing:
            return True
        if rung.unless == "device":
            if any(
                row.id in self.history.shown for row in self.history.by_rung.get((notice.id, 0), [])
            ):
                return True
            return self.people.may_be_on_device(
                notice.user, ladder.epoch, ladder.offset, ladder.committed, until
            )
        return False

    def _measure(self, rows: list[Delivery], due: float, notice: Notice, rung: Rung) -> None:
        """Note when a rung fired, of users whose wishes are known."""
        is_plain = rung.wish == "required" or self.found.people[notice.user]["plain"]
        claimed = [row for row in rows if row.claims and not row.resend]
        if not is_plain or not claimed:
            return
        row = min(claimed, key=lambda each: each.claims[0])
        calls = [began for _, began, _ in row.attempts]
        calls += [one.at for one in self.history.of_row.get(row.id, ())]
        if calls:
            self.times.add(Fired(due, row.created, row.claims[0][0], min(calls)))
