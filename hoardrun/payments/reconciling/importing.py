"""Import the file of a provider: once, and each of its lines once.

The file, its lines and what each is are one database transaction. What matched is told to the judge
after it, each payment by itself, and charges and money without a payment are booked last: a file
that is imported again tells and books what was not yet.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now
from msgspec.structs import replace

from hoardrun.ledger.money import minor_of
from hoardrun.payments.evidence import Evidence
from hoardrun.payments.reconciling import rows
from hoardrun.payments.reconciling.booking import file_book
from hoardrun.payments.reconciling.choices import TESTIFYING, WRITTEN, MatchKind
from hoardrun.payments.reconciling.errors import StatementRefused
from hoardrun.payments.reconciling.models import OPEN, Match, StatementFile, StatementLine
from hoardrun.payments.reconciling.selectors import AT_ONCE, known_keys, ours, reversals
from hoardrun.payments.refunded import is_own_receipt, is_refunded_by, refund_like
from hoardrun.payments.services import evidence_apply
from hoardrun.payments.statements.chain import gaps
from hoardrun.payments.statements.columns import LAYOUTS
from hoardrun.payments.statements.lines import Line
from hoardrun.payments.statements.matching import Finding, match, told_as_reversals
from hoardrun.payments.statements.parse import Fault, NoStatement, Statement, read_statement
from hoardrun.payments.states import State, was_paid
from realtime import clock
from realtime.errors import Refused
from realtime.retry import one_transaction

MAX_NAME = 200

logger = logging.getLogger(__name__)


class Given(NamedTuple):
    """A file, as it is told from others."""

    provider: str
    name: str
    sha256: str
    size: int


class Imported(NamedTuple):
    """A file, whether this call stored it, and of how many payments it told something new."""

    file: StatementFile
    is_new: bool
    told: int
    refused: int


def statement_import(*, provider: str, name: str, raw: bytes) -> Imported:
    """Import a file of a provider; one that was imported before is not stored again.

    Raises StatementRefused if it is no statement of that provider.
    """
    if provider not in LAYOUTS:
        raise StatementRefused(f"{provider!r:.40} has no statements; {', '.join(LAYOUTS)} have.")
    try:
        statement = read_statement(provider, raw)
    except NoStatement as error:
        raise StatementRefused(str(error)) from None
    given = Given(provider, name[-MAX_NAME:], hashlib.sha256(raw).hexdigest(), len(raw))
    try:
        file, is_new = _store(given, statement)
    except IntegrityError:  # another import was faster, and its lines can be seen now
        file, is_new = _store(given, statement)
    told, refused = _testify(file)
    file_book(file)
    return Imported(file, is_new, told, refused)


@one_transaction
def _store(given: Given, statement: Statement) -> tuple[StatementFile, bool]:
    """Store a file with its lines and findings, or return the one that is there."""
    same = StatementFile.objects.filter(provider=given.provider, sha256=given.sha256)
    before = same.first()
    if before is not None:
        return before, False
    lines, faults = _readable(statement)
    times = [line.at for line in lines]
    first, last = min(times, default=None), max(times, default=None)
    currency = LAYOUTS[given.provider].currency
    known = known_keys(given.provider, lines)
    payments = ours(given.provider, currency, lines)
    found = [
        each
        for each in match(lines, payments, known=known, before=reversals(payments), now=clock.now())
        if each.line is not None or _is_between(each, first, last)
    ]
    new = [each for each in found if each.line is not None and each.what != "known"]
    file = StatementFile(
        **given._asdict(),
        first_at=first,
        last_at=last,
        lines=len(new),
        known=sum(each.what == "known" for each in found),
    )
    file.save()
    stored = StatementLine.objects.bulk_create(
        [rows.line_row(file, each.line) for each in new if each.line is not None], AT_ONCE
    )
    matches = [
        rows.match_row(file, each, line, currency) for each, line in zip(new, stored, strict=True)
    ]
    matches += [rows.match_row(file, each, None, currency) for each in _missing_there(found)]
    matches += [rows.gap_row(file, gap, currency) for gap in gaps(statement.lines)]
    matches += [rows.fault_row(file, fault, currency) for fault in faults]
    Match.objects.bulk_create(matches, AT_ONCE)
    explained = [each.payment_id for each in matches if each.what in WRITTEN]
    _close_explained(file, [*explained, *map(UUID, told_as_reversals(found, payments))])
    return file, True


def _readable(statement: Statement) -> tuple[list[Line], list[Fault]]:
    """Return the lines that can be stored, and what is wrong with the others."""
    wrong = {line: fault for line in statement.lines if (fault := rows.fault_of(line)) is not None}
    lines = [line for line in statement.lines if line not in wrong]
    return lines, [*statement.faults, *wrong.values()]


def _is_between(finding: Finding, first: datetime | None, last: datetime | None) -> bool:
    """Say whether a payment is of the time that a file is about."""
    assert finding.payment is not None and first is not None and last is not None
    return first <= finding.payment.at <= last


def _missing_there(found: Iterable[Finding]) -> list[Finding]:
    """Return the missing payments that no earlier file reported."""
    missing = {each.payment.id: each for each in found if each.line is None and each.payment}
    said: set[str] = set()
    keys = list(missing)
    for at in range(0, len(keys), AT_ONCE):
        before = Match.objects.filter(
            what=MatchKind.MISSING_THERE, payment_id__in=keys[at : at + AT_ONCE]
        )
        said.update(map(str, before.values_list("payment_id", flat=True)))
    return [each for key, each in missing.items() if key not in said]


def _close_explained(file: StatementFile, payment_ids: Iterable[UUID | None]) -> None:
    """Close what was missing in a file before, and stands in this one."""
    keys = [key for key in payment_ids if key is not None]
    for at in range(0, len(keys), AT_ONCE):
        explained = Match.objects.filter(
            OPEN, what=MatchKind.MISSING_THERE, payment_id__in=keys[at : at + AT_ONCE]
        )
        explained.update(closed_at=Now(), closed_why=f"File #{file.pk} has its line.")


def _testify(file: StatementFile) -> tuple[int, int]:
    """Tell the judge what a file says of payments; return of how many, and how many it refused."""
    told = refused = 0
    chosen = file.matches.filter(what__in=TESTIFYING, payment__isnull=False)
    for row in chosen.select_related("line", "payment").order_by("pk"):
        try:
            if _is_told(row):
                continue
            evidence_apply(*_told_by(row))
        except Refused as error:
            refused += 1
            logger.error("statement %d: payment %s: %s", file.pk, row.payment_id, error)
        else:
            told += 1
    return told, refused


def _told_by(row: Match) -> tuple[UUID, Evidence]:
    """Return what a line tells, and of which payment: a reversal may be a refund of ours.

    A receipt is booked once: one that the reversal has of the payment is not the refund's.
    """
    assert row.line is not None and row.payment is not None
    line = rows.line_of(row.line)
    if line.kind == "reversal" and (refund := refund_like(row.payment, *_figures(line))):
        told = replace(line, kind="payment").evidence()
        is_own = is_own_receipt(row.payment, line.receipt)
        return refund.pk, replace(told, provider_txn_id="") if is_own else told
    return row.payment.pk, line.evidence()


def _figures(line: Line) -> tuple[int, str]:
    """Return the amount and the receipt by which a reversal is known as a refund of ours.

    Raises Refused for an amount that no payment here can have.
    """
    return minor_of(abs(line.amount), line.currency), line.receipt


def _is_told(row: Match) -> bool:
    """Say whether a payment stands as its line says."""
    assert row.line is not None and row.payment is not None
    if row.what == MatchKind.REVERSAL:
        if row.payment.state == State.REVERSED:
            return True
        return is_refunded_by(row.payment, *_figures(rows.line_of(row.line)))
    if row.what == MatchKind.AMOUNT_DIFFERS:
        return row.payment.staff_since is not None
    is_paid = was_paid(row.payment.state, booked_late=row.payment.booked_late)
    return is_paid and row.payment.provider_txn_id == row.line.receipt
