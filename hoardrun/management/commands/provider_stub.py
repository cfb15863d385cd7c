"""`manage.py provider_stub`: providers of mobile money on this machine, with a page of phones."""

from __future__ import annotations

import shlex
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from hoardrun.demo.providers.money.server import Money
from realtime.management import base


class Command(base.Command):
    is_one_piece = False
    help = (
        "Stand in for MTN MoMo, M-Pesa, Airtel Money and pawaPay (DEBUG only). The last two digits "
        "of a number decide what becomes of its payment; the page says how."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=base.whole(1, 65535), default=8090, help="Port to listen on."
        )
        parser.add_argument("--airtel-callback", default="", help="Where Airtel calls back.")
        parser.add_argument("--pawapay-callback", default="", help="Where pawaPay calls back.")

    def handle(
        self, *, port: int, airtel_callback: str, pawapay_callback: str, **options: Any
    ) -> None:
        if not settings.DEBUG:
            raise CommandError("No money moves at the stub, so it runs under DEBUG=1 only.")
        try:
            stub = Money(pace=1 / settings.PROVIDER_STUB_TIME_SCALE, port=port)
        except OSError as error:
            raise CommandError(f"Port {port} cannot be listened on: {error}") from None
        stub.airtel.account.callback_url = airtel_callback
        stub.pawapay.account.call_at(pawapay_callback)
        with stub:
            self.stdout.write(f"Phones that pay: {stub.page}")
            self.stdout.write("Variables of a deployment that is to use them:\n")
            for name, value in stub.variables().items():
                self.stdout.write(f"{name}={shlex.quote(value)}")
            self.stdout.flush()
            threading.Event().wait()
