"""`manage.py templates`: check the texts of notifications, or show one as it would be sent."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from notifications import kinds
from notifications.languages import CODES
from notifications.texts import TEXT_CHANNELS, kind_name, version
from notifications.texts.faults import faults
from notifications.texts.preview import previews
from realtime.management import base


class Command(base.Command):
    help = "Check the texts of notifications, or show those of one kind with its samples."
    json_help = "Print one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=("check", "preview"))
        parser.add_argument("kind", nargs="?", help="Such as transaction.debit, of `preview`.")
        parser.add_argument("--locale", default="", help="Such as sw-KE; default: each language.")
        parser.add_argument("--channel", choices=TEXT_CHANNELS, help="Default: each one.")
        parser.add_argument("--zone", default="", help="Such as Africa/Kampala.")
        parser.add_argument("--hide-amounts", action="store_true", help="As on a lock screen.")
        parser.add_argument("--html", action="store_true", help="The HTML of the e-mail alone.")

    def handle(self, **options: Any) -> None:
        if options["what"] == "check":
            self._check()
        else:
            self._preview(options)

    def _check(self) -> None:
        found = list(faults())
        lines = [f"{fault.kind} {fault.language}: {fault.what}" for fault in found]
        count = len(kinds.all_kinds())
        result = {"kinds": count, "languages": CODES, "faults": lines}
        text = f"{count} kinds in {len(CODES)} languages: {len(found) or 'no'} faults."
        self.say(result, "\n".join([*lines, text]))
        if found:
            raise CommandError("The texts cannot be used as they are.")

    def _preview(self, options: dict[str, Any]) -> None:
        kind = kinds.find(options["kind"] or "")
        if kind is None:
            names = ", ".join(kind.name for kind in kinds.all_kinds())
            raise CommandError(f"There is no kind {options['kind']!r:.60}. Known are {names}.")
        channels = TEXT_CHANNELS if options["channel"] is None else (options["channel"],)
        if options["html"]:
            channels = ("email",)
        shown: list[dict[str, Any]] = []
        for locale in [options["locale"]] if options["locale"] else CODES:
            found = previews(
                kind,
                locale=locale,
                channels=channels,
                zone=options["zone"],
                hide_amounts=options["hide_amounts"],
            )
            shown += [
                {
                    "locale": each.content.locale,
                    "channel": each.channel,
                    "name": kind_name(kind.name, locale=locale),
                    "title": each.content.title,
                    "body": each.content.body,
                    "actions": {one.name: one.title for one in each.content.actions},
                    "html": each.content.html,
                    "characters": each.characters,
                    "segments": each.sms and each.sms.segments,
                    "version": version(kind.name, locale),
                }
                for each in found
            ]
        lines = [each["html"] if options["html"] else _line(each) for each in shown]
        self.say({"kind": kind.name, "texts": shown}, "\n".join(map(str, lines)))


def _line(shown: dict[str, Any]) -> str:
    size = f"{shown['characters']} characters"
    if shown["segments"]:
        size += f", {shown['segments']} segment{'s' * (shown['segments'] > 1)}"
    title = f"{shown['title']}\n" if shown["title"] else ""
    buttons = "".join(f"\n[{title}]" for title in shown["actions"].values())
    head = f"-- {shown['name']} ({shown['locale']}), {shown['channel']}: {size}"
    return f"{head}\n{title}{shown['body'].rstrip()}{buttons}\n"
