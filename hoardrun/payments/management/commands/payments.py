"""`manage.py payments`: send payments to their providers, and ask what became of them."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from hoardrun.payments import callback_urls
from hoardrun.payments.calling.worker import Worker
from hoardrun.payments.providers.interface import Purpose
from hoardrun.payments.providers.registry import ACCOUNTS
from hoardrun.payments.providers.settings import configured
from realtime.management import base
from realtime.sql import schema


class Command(base.Command):
    is_one_piece = False
    help = (
        "Send payments to their providers, ask what became of them, and read callbacks that nobody "
        "has read. Any number of these may run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now, and end.")
        parser.add_argument(
            "--urls",
            action="store_true",
            help="Print the URLs to be set at the portals of providers, and end; they are secret.",
        )

    def handle(self, *, once: bool, urls: bool, **options: Any) -> None:
        if urls:
            self._urls()
            return
        try:
            schema.require_applied()
            schema.require_known(settings.VERSION)
        except schema.Unfit as error:
            raise CommandError(str(error)) from None
        worker = Worker()
        if once:
            self.stdout.write(f"Did {worker.run_once()} step(s).")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        names = ", ".join(configured()) or "no provider"
        self.stdout.write(f"hoardrun moves payments by {names} (Ctrl-C ends it)")
        self.stdout.flush()
        worker.run()
        self.stdout.write("hoardrun has stopped to move payments.")

    def _urls(self) -> None:
        """Print the URLs for all payments; those of one payment go with its request."""
        for name in configured():
            purpose: Purpose = "account" if name in ACCOUNTS else "payment"
            for token in callback_urls.fixed_tokens(name):
                self.stdout.write(f"{name}: {callback_urls.url(name, purpose, token)}")
