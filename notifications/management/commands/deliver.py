"""`manage.py deliver`: send notifications by push, SMS and e-mail where nobody has been reached."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db.models.functions import Now

from notifications.choices import DeliveryState
from notifications.delivery import settle
from notifications.delivery.worker import Worker
from notifications.kinds import CHANNELS, Channel
from notifications.models import Delivery
from realtime.management import base
from realtime.sql import schema

SOON = timedelta(minutes=1)
_WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN)


def _channels(text: str) -> tuple[Channel, ...]:
    chosen = tuple(channel for channel in CHANNELS if channel in text.split(","))
    if len(chosen) != len(set(text.split(","))):
        raise CommandError(f"{text[: base.SHOWN]!a} is no list of {', '.join(CHANNELS)}.")
    return chosen


class Command(base.Command):
    is_one_piece = False
    help = (
        "Judge the ladders of notifications that are due, and send by push, SMS and e-mail. "
        "Any number of these may run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--channels", default=",".join(CHANNELS), help="Only these, such as push,email."
        )
        parser.add_argument("--once", action="store_true", help="Do what is due now, and end.")
        parser.add_argument(
            "--drain",
            action="store_true",
            help="Judge nothing; send what is queued, and end when nothing is left for a minute.",
        )
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="Once, after a restore or a failover that lost commits: treat what was to be sent "
            "as not known, so that no SMS goes out twice.",
        )

    def handle(self, *, channels: str, **options: Any) -> None:
        chosen = _channels(channels)
        try:
            schema.require_applied()
            schema.require_known(settings.VERSION)
        except schema.Unfit as error:
            raise CommandError(str(error)) from None
        if options["after_restore"]:
            held = settle.after_restore()
            self.stdout.write(f"{held} deliveries are not known now; SMS wait for a person.")
            return
        if options["once"]:
            done = Worker(chosen).run_once()
            self.stdout.write(f"Did {done} step(s).")
        elif options["drain"]:
            self._drain(chosen)
        else:
            self._run(chosen)

    def _run(self, chosen: Sequence[Channel]) -> None:
        worker = Worker(chosen)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        self.stdout.write(f"hoardrun delivers by {', '.join(chosen)} (Ctrl-C ends it)")
        self.stdout.flush()
        worker.run()
        self.stdout.write("hoardrun has stopped to deliver.")

    def _drain(self, chosen: Sequence[Channel]) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        began = time.monotonic()
        while not stopping.is_set():
            Worker(chosen, judges=False).run_once()
            waiting = Delivery.objects.filter(
                channel__in=chosen, state__in=_WAITING, not_before__lte=Now() + SOON
            )
            if not waiting.exists():
                break
            stopping.wait(Worker.poll_seconds)
        self.stdout.write(f"Drained in {time.monotonic() - began:.0f} s.")
