"""`manage.py provider_check`: ask each provider whether it takes our login."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from notifications.channels import registry
from notifications.channels.message import Answer, Provider
from realtime.management.base import Command as Base
from realtime.outgoing import Outcome


class Command(Base):
    help = "Asks each provider of push, e-mail and SMS whether it takes our login. Sends nothing."
    json_help = "write the results as JSON"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="PROVIDER", help="only these")

    def handle(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        results = [_checked(provider) for provider in _named(names)]
        lines = [
            f"{each['provider']:<16}{'ok' if each['ok'] else each['code']}, {each['ms']} ms\n"
            for each in results
        ]
        self.say(results, "".join(lines))
        if failed := [each["provider"] for each in results if not each["ok"]]:
            raise CommandError(f"Not in order: {', '.join(failed)}.")


def _named(names: list[str]) -> list[Provider]:
    try:
        known = {provider.name: provider for provider in registry.every()}
    except ValueError as error:
        raise CommandError(f"A key {error}; `manage.py check` says which.") from None
    if not known:
        raise CommandError("No provider is configured: docs/production.md lists the settings.")
    if unknown := sorted(set(names) - known.keys()):
        raise CommandError(f"{unknown[0]!r:.60} is none of {', '.join(sorted(known))}.")
    return [known[name] for name in names or known]


def _checked(provider: Provider) -> dict[str, Any]:
    began = time.monotonic()
    answer = provider.check()
    return {
        "provider": provider.name,
        "ok": answer.outcome is Outcome.ACCEPTED,
        "code": _code(answer),
        "ms": round((time.monotonic() - began) * 1000),
    }


def _code(answer: Answer) -> str:
    found = " ".join(str(each) for each in (answer.status, answer.code) if each)
    return found or answer.outcome.value
