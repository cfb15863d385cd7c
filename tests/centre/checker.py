"""Compares what was committed, what devices had, what providers took, and what rows say.

It shares no code with the product. Every verdict counts violations; examples say what was seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.centre.evidence import Delivery, Evidence, by_number
from tests.centre.history import History
from tests.centre.people import NEVER
from tests.centre.sent import Sent
from tests.centre.verdict import MOMENT, REGISTRY, Verdict
from tests.centre.wanted import Wanted

GOING_ON = {"queued", "sending", "unknown"}


class Checker:
    """Checks one run."""

    def __init__(self, found: Evidence) -> None:
        self.found, self.history = found, History(found)
        self.people = self.history.people
        self.verdict = Verdict()

    def run(self) -> Verdict:
        """Check everything."""
        sent, wanted = Sent(self.history, self.verdict), Wanted(self.history, self.verdict)
        self._check_commits()
        for one in self.history.taken:
            sent.check(one)
        for row in self.found.deliveries:
            self._check_row(row)
        self._check_digests()
        self._check_refused()
        self._check_bounces()
        for notice in self.found.notices.values():
            wanted.check(notice)
        self.verdict.late, self.verdict.parts = wanted.times.late, wanted.times.parts
        self.verdict.figures |= {
            "notifications": len(self.found.notices),
            "deliveries": len(self.found.deliveries),
            "accepted": dict(Counter(one.provider for one in self.history.taken)),
            "asked": dict(
                Counter(line[4] or "well" for line in self.found.outside if line[0] == "asked")
            ),
            "states": dict(Counter(row.state for row in self.found.deliveries)),
            "closed": dict(Counter(one.reason for one in self.found.ladders.values())),
            "possible_duplicates": sum(row.duplicate for row in self.found.deliveries),
            "rungs": len(self.verdict.late),
            "rungs_during_faults": wanted.times.during,
            "devices": len(self.people.devices),
        }
        return self.verdict

    # -- commits

    def _check_commits(self) -> None:
        known = by_number(self.found)
        for line in self.found.load:
            if line[0] == "end" and line[3] == "ok" and line[2] not in known:
                self.verdict.add("missed", f"{line[2]} was committed and is not there")
        for number in self.found.money - known.keys():
            self.verdict.add("missed", f"the money of {number} moved without a notification")
        for number in known.keys() - self.found.money:
            self.verdict.add("unexplained", f"{number}: a notification of money that never moved")
        for notification in self.found.notices.keys() - self.found.ladders.keys():
            self.verdict.add("missed", f"notification {notification} has no ladder")

    # -- rows

    def _check_row(self, row: Delivery) -> None:
        where = f"delivery {row.id} of {row.notification or row.digest}, {row.channel}"
        taken = sorted(self.history.of_row.get(row.id, []), key=lambda one: one.at)
        if row.state in GOING_ON and row.not_before <= self.found.ended:
            self.verdict.add("unexplained", f"{where} is {row.state} at the end")
        if len(row.claims) > row.lease or len(taken) > row.lease:
            text = f"{where}: {len(row.claims)} claims, {len(taken)} taken, lease {row.lease}"
            self.verdict.add("unexplained", text)
        if len(taken) > 1:
            known = [noted for outcome, _, noted in row.attempts if outcome == "accepted"]
            again = any(began > noted + MOMENT for noted in known for began, _ in row.claims)
            if again or (row.channel == "sms" and not row.duplicate):
                self.verdict.add("doubled", f"{where}: taken {len(taken)} times")
        if row.resend and self.history.of_row.get(row.id) and not row.duplicate:
            self.verdict.add("doubled", f"{where}: a repetition that is not marked")
        if (
            "delivered" in self.history.said[row.id]
            and row.channel == "sms"
            and row.state != "delivered"
        ):
            self.verdict.add("unexplained", f"{where}: reported delivered, and it is {row.state}")

    def _check_digests(self) -> None:
        of_place = defaultdict(list)
        for digest in self.found.digests:
            of_place[digest.user, digest.category, digest.channel].append(digest)
        for place, digests in of_place.items():
            digests.sort(key=lambda one: (one.created, one.id))
            for one, other in zip(digests, digests[1:], strict=False):
                if one.closed is None or other.created < one.closed - MOMENT:
                    self.verdict.add("doubled", f"two digests are open at once for {place}")
            shown = Counter(item[0] for one in digests for item in one.items if item[2])
            for notification, count in shown.items():
                if count > 1:
                    self.verdict.add("doubled", f"{notification} is in {count} digests of {place}")

    def _check_bounces(self) -> None:
        """An e-mail that came back is not one that its reader has."""
        for delivery in self.history.bounced:
            row = self.history.rows.get(delivery)
            if row is not None and row.state != "bounced":
                self.verdict.add(
                    "unexplained", f"delivery {delivery} came back, and it is {row.state}"
                )

    def _check_refused(self) -> None:
        """A number whose owner has told its provider to stop is not called again."""
        refused: dict[str, float] = {}
        for line in sorted(self.found.outside, key=lambda line: line[1]):
            if line[0] == "refused" and line[4] == "21610":
                refused.setdefault(line[3], line[1])
            elif line[0] == "asked" and line[1] > refused.get(line[3], NEVER) + 2 * REGISTRY:
                self.verdict.add("needless", f"{line[3]} is called, and suppressed")
