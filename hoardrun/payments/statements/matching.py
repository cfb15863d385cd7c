"""Hold the lines of a statement against our payments. Pure.

The passes go from what is sure to what is likely: the receipt, our id in the details, and last the
same amount and time with the same phone, or with the same account where the phone is masked, if
only one of each is left.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from hoardrun.payments.statements.lines import Line
from hoardrun.payments.statements.looks import Pairs, by_account, by_likeness, shared_accounts
from hoardrun.payments.statements.ours import Ours

# A provider writes a statement up to a day late.
WRITTEN_WITHIN = timedelta(days=1)

What = Literal[
    "matched",
    "amount_differs",
    "missing_here",
    "missing_there",
    "fee",
    "reversal",
    "known",
]
By = Literal["", "receipt", "reference", "likeness", "account"]


class Finding(Struct, frozen=True, kw_only=True):
    """What one line or one payment is."""

    what: What
    line: Line | None = None
    payment: Ours | None = None
    by: By = ""


def match(
    lines: Iterable[Line],
    payments: Sequence[Ours],
    *,
    known: frozenset[tuple[str, bool, str]],
    before: Iterable[Finding] = (),
    now: datetime,
) -> list[Finding]:
    """Say of each line what it is, and of each success of ours without a line that it has none.

    `payments` are those of the days of the statement. `known` are the keys of lines that have been
    imported before: they are never booked again. `before` are reversals of earlier files, each with
    its payment, which may have been refunds of `payments`.
    """
    found: list[Finding] = []
    by_id = {payment.id: payment for payment in payments}
    open_lines: dict[Line, None] = {}
    reversals: dict[Line, None] = {}  # of nothing that a receipt tells
    seen = set(known)
    receipts = {payment.receipt: payment for payment in payments if payment.receipt}
    for line in (_of_its_kind(each, receipts.get(each.receipt)) for each in lines):
        if not seen.isdisjoint({line.key, _as_payment(line).key}):
            found.append(Finding(what="known", line=line))
        elif line.kind == "payment":
            open_lines[line] = None
        elif (
            beside := _beside(line, payments, by_id)
        ).payment is None and beside.what == "reversal":
            reversals[line] = None
        else:
            found.append(beside)
        seen.add(line.key)
    open_payments = dict(by_id)
    shared = shared_accounts(payments)
    passes: tuple[Pass, ...] = (*_PASSES, ("account", partial(by_account, shared=shared)))
    found.extend(_paired(open_lines, open_payments, passes))
    # A refund may be told as a reversal of which the file does not say what it reverses.
    refunds = {payment.id: payment for payment in open_payments.values() if payment.refunds}
    for pair in _paired(reversals, refunds, passes):
        assert pair.line is not None and pair.payment is not None
        found.append(replace(pair, line=_as_payment(pair.line)))
        del open_payments[pair.payment.id]
    found.extend(Finding(what="missing_here", line=line) for line in open_lines)
    found.extend(Finding(what="reversal", line=line) for line in reversals)
    # A payment whose line was imported before is not missing there.
    written = {receipt for receipt, _, kind in known if kind == "payment"}
    told = told_as_reversals([*before, *found], payments)
    found.extend(
        Finding(what="missing_there", payment=payment)
        for payment in open_payments.values()
        if payment.succeeded
        and not payment.is_written
        and payment.id not in told
        and payment.receipt not in written
        and now - payment.at > WRITTEN_WITHIN
    )
    return found


def told_as_reversals(found: Sequence[Finding], payments: Iterable[Ours]) -> set[str]:
    """Return the ids of refunds that a statement tells as the reversal of their payment.

    Such a line is that of a refund only if no other refund of its payment may be meant, which has
    no line of its own.
    """
    refunds: defaultdict[tuple[str, Decimal], list[Ours]] = defaultdict(list)
    paired = {each.payment.id for each in found if each.by and each.payment is not None}
    for payment in payments:
        is_over = payment.moved_nothing or payment.is_written or payment.id in paired
        if payment.refunds and not is_over:
            refunds[payment.refunds, payment.amount].append(payment)
    told: set[str] = set()
    for line, paid in ((each.line, each.payment) for each in found if each.what == "reversal"):
        if line is None or paid is None:
            continue
        has_own = line.receipt != paid.receipt  # which a refund with another one does not have
        meant = [
            refund.id
            for refund in refunds.get((paid.id, line.amount), ())
            if not has_own or refund.receipt in {"", line.receipt}
        ]
        if len(meant) == 1:
            told.update(meant)
    return told


def _paired(
    lines: dict[Line, None], payments: dict[str, Ours], passes: Iterable[Pass]
) -> Iterator[Finding]:
    """Yield each pair that a pass finds, and take it from both."""
    for by, finds in passes:
        for line, payment in list(finds(lines, payments.values())):
            is_equal = line.amount == payment.amount
            what: What = "matched" if is_equal else "amount_differs"
            yield Finding(what=what, line=line, payment=payment, by=by)
            del lines[line]
            del payments[payment.id]


def _as_payment(line: Line) -> Line:
    """Return the line of a reversal as that of the refund which it tells; others as they are."""
    return replace(line, kind="payment") if line.kind == "reversal" else line


def _of_its_kind(line: Line, own: Ours | None) -> Line:
    """Return a line as a payment, if it is one of ours that goes the same way.

    Providers call our refunds "refund" or "reversal" too; a reversal of a payment goes back.
    """
    if line.kind == "reversal" and own is not None and (line.amount < 0) == (own.amount < 0):
        return _as_payment(line)
    return line


def _beside(line: Line, payments: Sequence[Ours], by_id: Mapping[str, Ours]) -> Finding:
    """Return what a fee or a reversal belongs to.

    A reversal without the receipt of what it gives back may name our id.
    """
    receipt = line.linked if line.kind == "reversal" and line.linked else line.receipt
    own = [payment for payment in payments if payment.receipt and payment.receipt == receipt]
    if line.kind == "fee":
        return Finding(what="fee", line=line, payment=own[0] if own else None)
    named = None if line.linked else by_id.get(_named(line, by_id))
    if not own and named is not None and (named.amount < 0) != (line.amount < 0):
        own = [named]
    return Finding(what="reversal", line=line, payment=own[0] if own else None)


def _named(line: Line, ids: Container[str]) -> str:
    """Return the first of some ids that stands in a line's details; empty if none does."""
    words = re.split(r"[^A-Za-z0-9-]+", line.details)
    return next((word for word in words if word in ids), "")


def _by_receipt(lines: Iterable[Line], payments: Iterable[Ours]) -> Pairs:
    ours = {payment.receipt: payment for payment in payments if payment.receipt}
    for line in lines:
        if (payment := ours.pop(line.receipt, None)) is not None:
            yield line, payment


def _by_reference(lines: Iterable[Line], payments: Iterable[Ours]) -> Pairs:
    """Pair lines that name our id. One that has another receipt is another payment."""
    ours = {payment.id: payment for payment in payments if not payment.receipt}
    for line in lines:
        if own := _named(line, ours):
            yield line, ours.pop(own)


Pass = tuple[By, Callable[[Iterable[Line], Iterable[Ours]], Pairs]]
# The last, by the account, needs to know of all payments.
_PASSES: tuple[Pass, ...] = (
    ("receipt", _by_receipt),
    ("reference", _by_reference),
    ("likeness", by_likeness),
)
