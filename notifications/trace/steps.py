"""The rungs of a ladder: what became of each, or what would be decided now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from notifications.choices import DeliveryState
from notifications.delivery.facts import Case
from notifications.delivery.states import MISSED, NEVER_SENT
from notifications.kinds import Rung
from notifications.models import Delivery, DigestItem, Escalation, PreferenceChange
from notifications.policy import judge
from notifications.policy.case import is_above, is_required
from notifications.policy.facts import Go, Hold, Join, Skip, Verdict
from notifications.trace.causes import cause
from notifications.trace.loading import Loaded
from notifications.trace.parts import Said, Sending, Standing
from notifications.trace.report import Gathered, Step
from notifications.trace.sendings import evidence_text, sendings, suppression_said
from notifications.trace.words import CARRIED, DIGESTS
from realtime.trace.moments import maybe, spoken, stamp


def steps(found: Loaded) -> Iterator[Step]:
    """Describe each rung of a ladder whose kind is known."""
    if found.case is None or found.ladder is None:
        return
    for number, rung in enumerate(found.case.kind.ladder):
        yield _step(number, rung, found.case, found.ladder, found)


def _step(number: int, rung: Rung, case: Case, ladder: Escalation, found: Loaded) -> Step:
    rows = [row for row in found.deliveries if row.rung == number and row.channel == rung.channel]
    items = [item for item in found.items if item.rung == number]
    due = ladder.committed_at + rung.after / found.policy.time_scale
    digests = tuple(_gathered(item, found) for item in items)
    sent = sendings(rows, found)
    standing: Standing
    if rows:
        standing, rule, said = _standing(rows), rows[-1].decided_by, _of_rows(sent, rows, found)
    elif digests:
        standing, rule = "digest", "digest"
        said = Said(digests[-1].text)
    else:
        standing, rule, said = _undecided(number, case, ladder, due, found)
    return Step(
        rung=number,
        channel=rung.channel,
        due_at=stamp(due),
        required=is_required(rung, above=is_above(case.kind, case.facts, case.chosen)),
        standing=standing,
        rule=rule,
        text=said.text,
        advice=said.advice,
        sendings=sent,
        digests=digests,
    )


def _standing(rows: Sequence[Delivery]) -> Standing:
    states = {DeliveryState(row.state) for row in rows}
    if states & {DeliveryState.ACCEPTED, DeliveryState.DELIVERED}:
        return "sent"
    return "not_sent" if states <= NEVER_SENT | MISSED else "waiting"


def _of_rows(sent: Sequence[Sending], rows: Sequence[Delivery], found: Loaded) -> Said:
    """Say what became of a rung: of several deliveries, that of the best one."""
    best = next((one for one in sent if one.state == DeliveryState.DELIVERED), None) or next(
        (one for one in sent if one.state == DeliveryState.ACCEPTED), sent[-1]
    )
    text = f"{best.text} To {best.to}." if best.to else best.text
    if best.rule == "switched_off" and (since := _since(rows[-1], found.changes)) is not None:
        text = f"{text} Off since {spoken(since)}."
    advice = best.advice
    if best.rule in {"suppressed", "unsubscribed"} and found.case is not None:
        for address in found.case.person.addresses.get(rows[-1].channel, ()):  # type: ignore[call-overload]
            said = suppression_said(found.suppressions, rows[-1].channel, address.hash)
            advice = advice if said is None else said.advice
    return Said(text, advice)


def _since(row: Delivery, changes: Sequence[PreferenceChange]) -> datetime | None:
    """Return when the user switched off what a delivery was skipped for."""
    scopes = (f"kind:{row.kind}", f"category:{row.category}", "all")
    for change in changes:  # the newest first
        old, new = (given.get("cells", {}) for given in (change.old, change.new))
        for scope in scopes:
            before, after = (cells.get(scope, {}).get(row.channel) for cells in (old, new))
            if change.created_at <= row.created_at and after is False and before is not False:
                return change.created_at
    return None


def _undecided(
    number: int, case: Case, ladder: Escalation, due: datetime, found: Loaded
) -> tuple[Standing, str, Said]:
    """Say what a rung without any row waits for, or why none was needed."""
    if ladder.closed_at is not None and ladder.reason == "reached":
        evidence = evidence_text(ladder.evidence)
        text = f"It was not needed: the user had been reached. {evidence}".strip()
        return "not_needed", "reached", Said(text)
    if ladder.closed_at is None and due > found.now:
        return "to_come", "due", Said(f"It is due at {spoken(due)}, unless it is not needed then.")
    verdict = judge(number, case.ladder, case.facts, case.chosen, found.policy, found.now)
    return _by_now(verdict, ladder)


def _by_now(verdict: Verdict, ladder: Escalation) -> tuple[Standing, str, Said]:
    """Say what the rules say now. A closed ladder asks them no more."""
    said = cause(verdict.rule, getattr(verdict, "reason", ""), verdict.channel)
    if isinstance(verdict, Skip):
        return "not_sent", verdict.rule, Said(f"Nothing was sent. {said.text}", said.advice)
    if ladder.closed_at is not None:
        text = "Nothing was sent: the ladder had ended before it."
        return "not_sent", ladder.reason, Said(text)
    match verdict:
        case Hold():
            text = f"It waits until {spoken(verdict.until)}. {said.text}"
            return "waiting", verdict.rule, Said(text, said.advice)
        case Join():
            return "digest", verdict.rule, Said(f"It is about to join a digest. {said.text}")
        case Go():
            return "to_come", verdict.rule, Said("It is about to be sent.")


def _gathered(item: DigestItem, found: Loaded) -> Gathered:
    digest = item.digest
    if item.shown:
        text = CARRIED
    else:
        text = DIGESTS.get(digest.reason if digest.closed_at else "", DIGESTS[""])
    if digest.closed_at is None:
        text = f"{text} It leaves at {spoken(digest.due_at)}."
    return Gathered(
        id=str(digest.pk),
        category=digest.category,
        channel=digest.channel,
        due_at=stamp(digest.due_at),
        closed_at=maybe(digest.closed_at),
        shown=item.shown,
        text=text,
        sendings=sendings(found.of_digests.get(digest.pk, ()), found),
    )
