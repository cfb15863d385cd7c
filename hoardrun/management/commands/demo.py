"""`manage.py demo`: serve, with providers of messages and payments beside it, for `make run`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import ALL_CHECKS, CommandError
from django.db import DatabaseError

from hoardrun import env, places
from hoardrun.demo import outside, people, tour
from hoardrun.ledger.management.commands.seed_demo import site_of
from hoardrun.options import Deployment
from realtime.management import base


class Command(base.Command):
    is_one_piece = False
    requires_system_checks = ALL_CHECKS
    help = (
        "Serve as `serve --simulate-market --with-delivery --with-payments` does, with providers "
        "on loopback: the console shows messages in its panel Phone (DEBUG only)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on.")
        parser.add_argument(
            "--port", type=base.whole(1, 65535), default=8000, help="Port to listen on."
        )
        parser.add_argument(
            "--still-market", action="store_true", help="Leave the prices where they are."
        )
        parser.add_argument(
            "--source",
            action="append",
            default=[],
            metavar="NAME",
            help="True prices, such as of kraken, in place of simulated ones; repeatable.",
        )

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Its providers deliver to nobody, so it runs under DEBUG=1 only.")
        with outside.running(_site(host, port), places.var(env.read(Deployment))) as found:
            try:
                people.equip(found)
                tour.seed()
            except DatabaseError as error:
                raise CommandError(f"Run `manage.py migrate` first: {error}") from None
            self.stdout.write(f"Phones that pay: {found.money.page}")
            self.stdout.flush()
            call_command(
                "serve",
                host=host,
                port=port,
                simulate_market=not (options["still_market"] or options["source"]),
                source=options["source"],
                with_delivery=True,
                with_payments=True,
            )


def _site(host: str, port: int) -> str:
    """Return where providers on this machine reach us, by a name that ALLOWED_HOSTS takes."""
    site = site_of(host, port)
    is_refused = "127.0.0.1" in site and "127.0.0.1" not in settings.ALLOWED_HOSTS
    return site.replace("127.0.0.1", "localhost") if is_refused else site
