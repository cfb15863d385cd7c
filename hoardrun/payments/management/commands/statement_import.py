"""`manage.py statement_import`: hold a provider's statement against our payments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from hoardrun.ledger.money import amount_text
from hoardrun.payments.reconciling.importing import Imported, statement_import
from hoardrun.payments.reconciling.models import Match
from hoardrun.payments.reconciling.selectors import findings_open
from hoardrun.payments.statements.columns import LAYOUTS
from hoardrun.payments.statements.parse import MAX_BYTES
from realtime.management.base import Command as Base
from realtime.protocol.codec import timestamp

LISTED = 1000  # findings


class Command(Base):
    help = (
        "Imports the CSV file of a provider, says of each line what it is, and settles the "
        "payments that it explains. Ends with 1 if something in it does not agree. The same file "
        "may be imported again, and lines that a file before had are not imported twice."
    )
    json_help = f"write one object, with the first {LISTED} findings"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("provider", choices=sorted(LAYOUTS))
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        done = statement_import(provider=options["provider"], name=path.name, raw=_read(path))
        found = findings_open().filter(file=done.file).order_by("what", "row", "pk")
        shown = list(found.select_related("line", "payment")[:LISTED])
        count = found.count()
        if not self.as_json:
            for row in shown:
                self.stdout.write(_line(row))
        self.say(
            {**_summary(done), "findings": count, "listed": list(map(_data, shown))},
            _text(done, count),
        )
        if done.refused:
            raise CommandError(f"{done.refused} payments refused what the file says: see the log.")
        if count:
            raise CommandError(f"{count:,} findings are open in this file.")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None


def _summary(done: Imported) -> dict[str, Any]:
    return {
        "file": done.file.pk,
        "imported_before": not done.is_new,
        "lines": done.file.lines,
        "known": done.file.known,
        "told": done.told,
        "refused": done.refused,
    }


def _text(done: Imported, count: int) -> str:
    begin = (
        f"Imported as file #{done.file.pk}"
        if done.is_new
        else (
            f"This file was imported before, as #{done.file.pk}, on {done.file.created_at:%Y-%m-%d}"
        )
    )
    return (
        f"{begin}: {done.file.lines:,} lines, {done.file.known:,} more were known; "
        f"{done.told:,} payments were told; {count:,} findings."
    )


def _line(row: Match) -> str:
    return ": ".join(filter(None, (_where(row), _what(row))))


def _where(row: Match) -> str:
    return f"row {row.row}" if row.row is not None else f"payment {row.payment_id}"


def _what(row: Match) -> str:
    said = [row.get_what_display()]
    if row.line is not None:
        said.append(row.line.receipt)
    return ", ".join(filter(None, (*said, row.in_doubt, row.column)))


def _data(row: Match) -> dict[str, Any]:
    return {
        "id": row.pk,
        "what": row.what,
        "row": row.row,
        "receipt": row.line.receipt if row.line else None,
        "payment": str(row.payment_id) if row.payment_id else None,
        "amount": amount_text(row.amount, row.currency),
        "currency": row.currency,
        "column": row.column,
        "at": timestamp(row.at) if row.at else None,
    }
