"""`manage.py bounce < MAIL`: take a bounce of an e-mail, as a mail server hands it over."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from notifications.delivery.receipts import receipts_take
from notifications.hooks import bounces
from realtime.management.base import Command as Base


class Command(Base):
    help = (
        "Reads one mail from its standard input, as a mail server pipes it, and keeps what it "
        "says of the e-mail that bounced. Other mails are passed over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", default="", help="The address that it was for, if the mail does not say so."
        )

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        heard = bounces.read(sys.stdin.buffer.read(bounces.MAX_BYTES), to)
        if heard is None:
            self.stdout.write("It is no bounce of an e-mail of ours.")
            return
        receipts_take([heard])
        self.stdout.write(f"Delivery {heard.delivery_id}: {heard.fact}.")
