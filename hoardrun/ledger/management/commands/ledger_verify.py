"""`manage.py ledger_verify`: prove that accounts, transactions and the journal agree."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from hoardrun.ledger.journal import running
from hoardrun.ledger.journal.catching_up import missing_post
from hoardrun.ledger.journal.findings import Finding
from realtime.management.base import Command as Base

LISTED = 1000  # findings in the answer as JSON


class Command(Base):
    help = (
        "Proves that each balance is the sum of its postings, that what is held is what is under "
        "way, and that each transaction that moved money has its posting. Ends with 1 if not."
    )
    json_help = f"write one object, with the first {LISTED} findings"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            type=_moment,
            metavar="DATE",
            help="only what has changed since a date or a time in UTC, such as 2026-11-29",
        )
        parser.add_argument(
            "--post-missing",
            action="store_true",
            help="first post what nodes of the release before moved during an upgrade",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        posted = missing_post() if options["post_missing"] else 0
        found: list[Finding] = []

        def tell(finding: Finding) -> None:
            if not self.as_json:
                self.stdout.write(str(finding))
            elif len(found) < LISTED:
                found.append(finding)

        done = running.run(options["since"], tell=tell, progress=self.progress)
        looked = {name: getattr(done, name) for name in running.STEPS}
        texts = [f"{count:,} {name}" for name, count in looked.items()]
        self.say(
            {
                **looked,
                "posted": posted,
                "findings": done.findings,
                "listed": [finding._asdict() for finding in found],
            },
            f"{', '.join(texts)}; {posted:,} posted; {done.findings:,} findings.",
        )
        if done.findings:
            raise CommandError(f"The ledger has {done.findings:,} findings.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text[:60]!a} is no date such as 2026-11-29") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
