"""Compares what clients asked for, what providers have moved, and what the ledger says.

It shares no code with the product. Every verdict counts violations; examples say what was seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from tests.payments.evidence import Evidence, Row, by_phone
from tests.services.proof import outcome

VERDICTS = {
    "forgotten": "confirmed to a client, or taken by a provider, and not here",
    "refused": "asked for rightly, and refused",
    "resent": "asked of a provider twice",
    "lost": "moved at a provider, and neither booked nor before staff",
    "doubled": "booked, and not moved at a provider, or not as much",
    "unfinished": "neither final nor before staff with a reason",
    "contradicted": "a transaction that does not say what its payment says",
    "held": "a hold that is not that of an open payment",
    "unbalanced": "a balance that is not the sum of its postings, or a finding of ledger_verify",
    "unread": "a callback that nobody has read",
}
FINAL = {
    "succeeded": "completed", "failed": "failed", "cancelled": "cancelled", "expired": "expired",
    "reversed": "reversed",
}  # fmt: skip
OPEN = {"pending", "processing"}
# Why a refund may be refused: its provider gives back by a receipt, which no callback has told, or
# is asked just then whether a callback is right.
MAY_BE_REFUSED = {"receipt_unknown", "payment_in_doubt"}


class Verdict(outcome.Verdict):
    """Counts what VERDICTS names."""

    names = VERDICTS


def check(found: Evidence, verified: Sequence[str]) -> Verdict:
    """Check everything; `verified` is what `ledger_verify` has found."""
    verdict = Verdict()
    _check_answers(found, verdict)
    _check_orders(found, verdict)
    waiting = _check_money(found, verdict)
    _check_states(found, verdict)
    _check_holds(found, verdict)
    for account in found.accounts.values():
        if account.current != account.posted:
            text = f"account {account.id} has {account.current}, its postings {account.posted}"
            verdict.add("unbalanced", text)
    for text in verified:
        verdict.add("unbalanced", text)
    if found.unread:
        verdict.add("unread", f"{found.unread} callbacks")
    verdict.figures = {
        "payments": len(found.rows),
        "at_providers": len(found.theirs),
        "states": dict(Counter(row.state for row in found.rows)),
        "before_staff": dict(Counter(row.staff_reason for row in found.rows if row.staff_since)),
        "refunds": dict(Counter(row.state for row in found.rows if row.kind == "refund")),
        "bills": sum(each.kind == "bill" for each in found.theirs),
        "late": sum(row.late_txn is not None for row in found.rows),
        "waiting_money": waiting,
    }
    return verdict


def _check_answers(found: Evidence, verdict: Verdict) -> None:
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in found.rows:
        by_key[row.key].append(row)
    for wish in found.wishes.values():
        for row in by_key[wish.key]:
            if (row.provider, row.kind, row.number) != (wish.provider, wish.kind, wish.number):
                verdict.add("forgotten", f"{wish.key} became {row}")
    for key, answers in found.answers.items():
        rows = by_key.pop(key, [])
        if len(rows) > 1:
            verdict.add("doubled", f"{key} was created {len(rows)} times")
        for answer in answers:
            if answer.status in {200, 201}:
                if answer.said not in {row.id for row in rows}:
                    verdict.add("forgotten", f"{key} was confirmed as {answer.said}")
            elif not (key.startswith("refund-") and answer.said in MAY_BE_REFUSED):
                verdict.add("refused", f"{key}: {answer.status} {answer.said}")
    for key, rows in by_key.items():
        if rows:
            verdict.add("doubled", f"nobody has asked for {key}")


def _check_orders(found: Evidence, verdict: Verdict) -> None:
    ours = {(row.provider, row.kind, row.number) for row in found.rows}
    for place, theirs in by_phone(found.theirs).items():
        asked = sum(each.kind != "bill" for each in theirs)
        if asked > 1:
            verdict.add("resent", f"{' '.join(place)} was asked for {asked} times")
        if place not in ours:
            verdict.add("forgotten", f"{' '.join(place)} was asked for, and is not here")


def _check_money(found: Evidence, verdict: Verdict) -> int:
    """Compare the books of both sides; return how many payments differ, and wait for staff."""
    theirs, waiting = by_phone(found.theirs), 0
    for row in found.rows:
        there = sum(each.moved for each in theirs[row.provider, row.kind, row.number])
        difference = there - row.moved
        if not difference:
            continue
        is_open = row.state not in FINAL and row.staff_since is not None
        # A statement's finding may be about a line whose payment it cannot tell: all of its money.
        if is_open or {abs(difference), abs(there)} & set(row.in_doubt):
            waiting += 1
            continue
        # What was booked in the other direction, or beyond, never moved.
        is_lost = abs(row.moved) < abs(there) and row.moved * there >= 0
        text = f"{row.key} is {row.state}: {there} moved there, {row.moved} is booked"
        verdict.add("lost" if is_lost else "doubled", text)
    return waiting


def _check_states(found: Evidence, verdict: Verdict) -> None:
    for row in found.rows:
        if row.state not in FINAL and not (row.staff_since and row.staff_reason):
            verdict.add("unfinished", f"{row.key} is {row.state}")
        status = found.txns[row.txn].status
        if status != FINAL.get(row.state) and not (row.state not in FINAL and status in OPEN):
            verdict.add("contradicted", f"{row.key} is {row.state}, its transaction {status}")


def _check_holds(found: Evidence, verdict: Verdict) -> None:
    open_ones = {
        txn for row in found.rows if row.state not in FINAL for txn in (row.txn, row.fee_txn)
    }
    held: dict[int, int] = defaultdict(int)
    for txn in found.txns.values():
        if txn.status in OPEN and txn.direction == "outbound":
            held[txn.account] += txn.minor
            if txn.id not in open_ones:
                verdict.add("held", f"transaction {txn.id} is open, and its payment is not")
    for account in found.accounts.values():
        if account.current - account.available != held[account.id]:
            text = f"account {account.id} holds {account.current - account.available}"
            verdict.add("held", f"{text}, and {held[account.id]} is under way")
