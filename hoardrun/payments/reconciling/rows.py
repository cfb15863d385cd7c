"""Lines and findings as rows, and back. No I/O."""

from __future__ import annotations

from decimal import Decimal

from hoardrun.ledger.money import DECIMAL_PLACES, SIGNIFICANT
from hoardrun.payments.reconciling.choices import MatchKind
from hoardrun.payments.reconciling.models import Match, StatementFile, StatementLine
from hoardrun.payments.statements.chain import Gap
from hoardrun.payments.statements.lines import Line, LineKind
from hoardrun.payments.statements.matching import Finding
from hoardrun.payments.statements.parse import Fault
from realtime.core.text import is_text

LARGEST = Decimal(10) ** (SIGNIFICANT - DECIMAL_PLACES)
_LENGTHS = {
    field.name: field.max_length or 0
    for field in StatementLine._meta.concrete_fields
    if field.name in {"receipt", "details", "party", "linked"}
}
_KINDS: dict[str, LineKind] = {"payment": "payment", "fee": "fee", "reversal": "reversal"}


def fault_of(line: Line) -> Fault | None:
    """Return why a line cannot be stored exactly; None if it can."""
    for column in ("receipt", "linked"):
        text = getattr(line, column)
        if len(text) > _LENGTHS[column] or not is_text(text):
            return Fault(line.row, column)
    for column in ("amount", "balance"):
        number = getattr(line, column)
        if number is None:
            continue
        if abs(number) >= LARGEST or round(number, DECIMAL_PLACES) != number:
            return Fault(line.row, column)
    return None


def line_row(file: StatementFile, line: Line) -> StatementLine:
    """Return a line as it is stored: what it says in words is cut to what fits."""
    return StatementLine(
        file=file,
        provider=file.provider,
        row=line.row,
        kind=line.kind,
        receipt=line.receipt,
        goes_out=line.amount < 0,
        at=line.at,
        amount=line.amount,
        currency=line.currency,
        details=_text(line.details, "details"),
        party=_text(line.party, "party"),
        linked=line.linked,
        balance=line.balance,
    )


def line_of(row: StatementLine) -> Line:
    """Return a stored line as the pure core reads it."""
    return Line(
        row=row.row,
        kind=_KINDS[row.kind],
        receipt=row.receipt,
        at=row.at,
        amount=row.amount,
        currency=row.currency,
        details=row.details,
        party=row.party,
        linked=row.linked,
        balance=row.balance,
    )


def match_row(
    file: StatementFile, finding: Finding, line: StatementLine | None, currency: str
) -> Match:
    """Return a finding as it is stored."""
    what = MatchKind(finding.what)
    if what == MatchKind.REVERSAL and finding.payment is None:
        what = MatchKind.MISSING_HERE
    amounts = [each.amount for each in (finding.line, finding.payment) if each is not None]
    doubt = amounts[0] - amounts[1] if what == MatchKind.AMOUNT_DIFFERS else amounts[0]
    moved = finding.line or finding.payment
    assert moved is not None, "a finding is about a line or a payment"
    return Match(
        file=file,
        line=line,
        payment_id=finding.payment.id if finding.payment else None,
        what=what,
        by=finding.by,
        row=finding.line.row if finding.line else None,
        amount=abs(doubt),
        currency=currency,
        at=moved.at,
    )


def gap_row(file: StatementFile, gap: Gap, currency: str) -> Match:
    missing = min(abs(gap.missing), LARGEST - 1)
    return Match(file=file, what=MatchKind.GAP, row=gap.row, amount=missing, currency=currency)


def fault_row(file: StatementFile, fault: Fault, currency: str) -> Match:
    return Match(
        file=file,
        what=MatchKind.UNREADABLE,
        row=fault.row,
        column=fault.column,
        currency=currency,
    )


def _text(value: str, column: str) -> str:
    plain = "".join(letter if is_text(letter) else " " for letter in value)
    return plain[: _LENGTHS[column]]
