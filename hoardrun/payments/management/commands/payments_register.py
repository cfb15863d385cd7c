"""`manage.py payments_register`: name our URLs to a provider of payments to an account."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from hoardrun.payments import callback_urls
from hoardrun.payments.calling import calls
from hoardrun.payments.providers.registry import ACCOUNTS
from hoardrun.payments.providers.settings import (
    base_url,
    callback_base,
    configured,
    takes_kind,
)
from realtime.management import base


class Command(base.Command):
    help = (
        "Register with a provider the URLs at which it asks whether a payment to our account may "
        "be made, and tells of each. To be done once, and after the token in them has changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("provider", choices=sorted(ACCOUNTS))
        parser.add_argument(
            "--without-us",
            action="store_true",
            help="Payments go on while we do not answer; by default they are refused then.",
        )

    def handle(self, *, provider: str, without_us: bool, **options: Any) -> None:
        if provider not in configured() or not takes_kind(provider, "collect"):
            raise CommandError(f"{provider} is not set up to collect payments here.")
        tokens = callback_urls.fixed_tokens(provider)
        if not tokens or not callback_base():
            raise CommandError(
                f"Set {provider.upper()}_CALLBACK_TOKENS, and PAYMENTS_CALLBACK_URL or "
                "PUBLIC_BASE_URL: the URLs are made of them."
            )
        refusal = calls.register_urls(
            provider,
            base_url(provider),
            told_at=callback_urls.url(provider, "account", tokens[0]),
            asked_at=callback_urls.url(provider, "validation", tokens[0]),
            without_us=without_us,
        )
        if refusal:
            raise CommandError(f"{provider} refuses the URLs: {refusal}.")
        self.stdout.write(f"{provider} asks and tells us of payments to our account from now on.")
