"""Checks each message that a provider has taken: to whom, why, and when."""

from __future__ import annotations

from tests.centre.evidence import Delivery, Notice
from tests.centre.history import History, Taken
from tests.centre.people import NEVER
from tests.centre.table import KINDS, Rung
from tests.centre.verdict import MOMENT, Verdict

NEVER_SENT = {"skipped", "cancelled", "expired"}


class Sent:
    """The checks of what has left."""

    def __init__(self, history: History, verdict: Verdict) -> None:
        self.history, self.verdict = history, verdict
        self.found, self.people = history.found, history.people

    def check(self, one: Taken) -> None:
        what = f"{one.provider} to {one.address}: {one.said}"
        if one.row is None:
            self.verdict.add("unexplained", f"{what} has no row")
            return
        row = one.row
        where = f"delivery {row.id} of {row.notification or row.digest}, {row.channel}"
        if self.history.owners.get(one.address) != row.user:
            self.verdict.add("wrong_user", f"{where}: to {one.address}, not user {row.user}")
        if row.state in NEVER_SENT:
            self.verdict.add("unexplained", f"{where}: taken, and the row says {row.state}")
        notice = self.found.notices.get(row.notification or 0)
        if notice is not None and notice.user != row.user:
            self.verdict.add("wrong_user", f"{where}: of user {notice.user}")
        if one.provider == "webpush" and one.said["user"] != str(row.user):
            self.verdict.add("wrong_user", f"{where}: its text is for user {one.said['user']}")
        self._check_ended(one, row, notice, where)
        if notice is None or row.resend:
            if row.digest is not None:
                self._check_quiet(one, where)
            return
        rung = KINDS[notice.kind].rungs[row.rung]
        self._check_need(one, row, notice, rung, where)
        if rung.wish != "required":
            self._check_wish(one, notice, rung, where)
            if not KINDS[notice.kind].is_spared:
                self._check_quiet(one, where)
        self._check_early(one, row, notice, rung, where)

    def _check_need(
        self, one: Taken, row: Delivery, notice: Notice, rung: Rung, where: str
    ) -> None:
        began, ladder = one.claimed(), self.found.ladders.get(notice.id)
        if self.people.cancelled.get(notice.id, NEVER) < began - MOMENT:
            self.verdict.add("needless", f"{where}: it was cancelled before")
        if not rung.unless or ladder is None:
            return
        if self.people.seen.get(notice.id, NEVER) < began - MOMENT:
            self.verdict.add("needless", f"{where}: it was seen before")
        had = self.people.phone_has(notice.user, ladder.epoch, ladder.offset)
        if rung.unless == "device" and had < began - MOMENT:
            self.verdict.add("needless", f"{where}: a phone had it {began - had:.2f} s before")

    def _check_ended(self, one: Taken, row: Delivery, notice: Notice | None, where: str) -> None:
        """A STOP ends what is optional; a bounce or a complaint ends everything."""
        optional = notice is None or KINDS[notice.kind].rungs[row.rung].wish != "required"
        if row.channel == "push" or (row.channel == "sms" and not optional):
            return
        began = one.claimed()
        since = self.history.words.ended(one.address, began)
        if since < began - MOMENT:
            kind = "unwanted" if row.channel == "sms" else "needless"
            self.verdict.add(kind, f"{where}: {one.address} had ended {began - since:.2f} s before")

    def _check_wish(self, one: Taken, notice: Notice, rung: Rung, where: str) -> None:
        category, began = KINDS[notice.kind].category, one.claimed()
        off = self.people.switched_off(notice.user, category, rung.channel, began)
        if off < began - MOMENT:
            self.verdict.add("unwanted", f"{where}: switched off {began - off:.2f} s before")
        is_plain = self.found.people[notice.user]["plain"]
        if rung.wish == "consent" or (rung.wish == "off" and is_plain):
            self.verdict.add("unwanted", f"{where}: never asked for")

    def _check_quiet(self, one: Taken, where: str) -> None:
        assert one.row is not None
        person = self.found.people[one.row.user]
        if self.people.quiet(one.row.user, person["zone"], one.claimed()):
            self.verdict.add("wrong_time", f"{where}: in a quiet time")

    def _check_early(
        self, one: Taken, row: Delivery, notice: Notice, rung: Rung, where: str
    ) -> None:
        ladder = self.found.ladders.get(notice.id)
        if ladder is None or rung.at_once_if_away or rung.digest:
            return
        has = {each["channel"] for each in self.found.people[notice.user]["addresses"]}
        before = KINDS[notice.kind].rungs[: row.rung]
        for number, each in enumerate(before):
            sent = self.history.by_rung.get((notice.id, number), [])
            missed = not sent or any(r.state not in {"accepted", "delivered"} for r in sent)
            if each.channel not in has or missed or "push" not in has:
                return  # it may have come to nothing, and then the next is due at once
        due = ladder.committed + rung.after / self.found.scale
        if one.claimed() < due - MOMENT:
            self.verdict.add("wrong_time", f"{where}: {due - one.claimed():.2f} s early")
