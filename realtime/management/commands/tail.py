"""`manage.py tail`: print the messages of a user, live."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from rest_framework_simplejwt.settings import api_settings

from realtime.access.keys import AccessToken
from realtime.access.tokens import SESSION_CLAIM
from realtime.client import Client
from realtime.db import threads
from realtime.management import base
from realtime.protocol.codes import CloseCode
from realtime.protocol.commands import FILTER_TYPES
from realtime.protocol.export.lines import line
from realtime.streams import user_stream

PATH = "/ws/notifications"
URL = f"ws://127.0.0.1:8000{PATH}"
TOKEN_LIFE = timedelta(minutes=5)
# Errors of --room that a retry cannot cure.
_NO_ROOM = {"unknown_room", "too_many_rooms"}
_OTHER_KEY = (
    " The server does not take what this shell signs: its SECRET_KEY, or its key of access "
    "tokens, may differ from the server's. For the demo of `make run`, set DEBUG=1."
)
_SILENT = {
    "acked",
    "authenticated",
    "pong",
    "presence_updated",
    "token_expiring",
}  # answers to the client itself


class Command(base.Command):
    help = (
        "Print what a user is sent, as it happens: one line a message, changes of the "
        "connection on stderr. It logs in as the user, acknowledges nothing, and counts as "
        "one of the user's connections. Ctrl-C ends it."
    )
    json_help = "One JSON object per message."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--url", default=URL, help=f"Default: {URL}; the path may be left out.")
        parser.add_argument(
            "--room", action="append", default=[], metavar="ROOM", help="Join it; may be repeated."
        )
        parser.add_argument(
            "--types",
            nargs="+",
            default=[],
            choices=sorted(FILTER_TYPES),
            metavar="TYPE",
            help="Only these: %(choices)s.",
        )
        parser.add_argument(
            "--since",
            type=_offset,
            default=None,
            metavar="now|OFFSET",
            help="Begin with what follows this offset of the user's stream. Default: now.",
        )

    def handle(self, *, username: str, **options: Any) -> None:
        since: int | None = options["since"]
        user = base.user_named(username)
        if not user.is_active:
            raise CommandError(f"{username} is not active, and may not connect.")
        if not api_settings.SIGNING_KEY:
            raise CommandError("This deployment has no key to sign tokens with.")
        session = uuid.uuid4().hex
        url = _with_path(options["url"])

        async def get_token(reason: str) -> str | None:
            return await threads.run(_token, user.pk, session)

        try:
            client = Client(
                url,
                get_token,
                types=options["types"],
                rooms=options["room"],
                positions=None if since is None else {user_stream(user.pk): since},
                ack=False,
                device_class="service",
            )
        except ValueError as error:
            raise CommandError(f"{error}.") from None
        # Its warnings are printed as states, in one line.
        logging.getLogger("realtime.client").setLevel(logging.ERROR)
        try:
            code, reason = asyncio.run(self._follow(client))
        except (KeyboardInterrupt, BrokenPipeError):
            return
        hint = _OTHER_KEY if code == CloseCode.UNAUTHORIZED else ""
        raise CommandError(f"Ended{f' with {code}' if code else ''}: {reason}.{hint}")

    async def _follow(self, client: Client) -> tuple[int | None, str]:
        ended: asyncio.Future[tuple[int | None, str]] = asyncio.get_running_loop().create_future()

        def show(data: dict[str, Any], message: dict[str, Any]) -> None:
            if not self.as_json and message["type"] in _SILENT:
                return
            encoding = getattr(self.stdout, "encoding", None) or "utf-8"
            text = whole(message, encoding) if self.as_json else shown(message)
            text = text.encode(encoding, "replace").decode(encoding)
            try:
                self.stdout.write(text)
                self.stdout.flush()
            except BrokenPipeError as error:  # the reader of our output is gone
                if not ended.done():
                    ended.set_exception(error)

        def judge(data: dict[str, Any], message: dict[str, Any]) -> None:
            if data["code"] in _NO_ROOM and not ended.done():
                ended.set_result((None, printable(data["message"]).rstrip(".")))

        def tell(data: dict[str, Any], message: dict[str, Any]) -> None:
            again = data["retry_in"]
            words = [data["state"]]
            words += [str(data["code"])] if data["code"] else []
            words += [printable(data["reason"])] if data["reason"] else []
            words += [f"(again in {again:.1f} s)"] if again is not None else []
            self.stderr.write(" ".join(words))
            self.stderr.flush()

        client.on("message", show)
        client.on("error", judge)
        client.on("state", tell)
        async with client:
            by_itself = asyncio.create_task(client.wait_ended())
            done, _ = await asyncio.wait([by_itself, ended], return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()


def _with_path(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"ws", "wss"} and parts.hostname and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        known = False
    if not known:
        raise CommandError(f"--url {url[:80]!a} is no address of a server: write it like {URL}.")
    return urlunsplit(parts._replace(path=PATH)) if parts.path in {"", "/"} else url


def _offset(text: str) -> int | None:
    if text == "now":
        return None
    try:
        return base.whole()(text)
    except ArgumentTypeError:
        raise ArgumentTypeError("takes `now` or an offset from 0") from None


def _token(user_id: int, session: str) -> str | None:
    """Create a token as a login does; None if the user may no longer log in."""
    user = get_user_model()._default_manager.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    token: Any = AccessToken.for_user(user)
    token[SESSION_CLAIM] = session
    token.set_exp(lifetime=min(TOKEN_LIFE, api_settings.ACCESS_TOKEN_LIFETIME))
    return str(token)


def whole(message: dict[str, Any], encoding: str) -> str:
    """Return a message as JSON; escape control characters and what `encoding` lacks."""
    text = json.dumps(message, ensure_ascii=False)
    shown = text.isprintable() and text == text.encode(encoding, "replace").decode(encoding)
    return text if shown else json.dumps(message)


def shown(message: dict[str, Any]) -> str:
    """Format a message for people: local time, type, place, content."""
    moment = datetime.fromisoformat(message["timestamp"]).astimezone()
    if "stream" in message and "offset" in message:
        place = f"{message['stream']}#{message['offset']}"
    else:
        place = message.get("room", "-")
    time = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
    says = printable(line(message["type"], message["data"]))
    return f"{time}  {message['type']:<20}  {place:<16}  {says}"


def printable(text: str) -> str:
    """Replace characters that a terminal would interpret."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
