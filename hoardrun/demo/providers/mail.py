"""A mail server that takes, refuses, hangs and drops."""

from __future__ import annotations

import asyncio
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from hoardrun.demo.providers import literal
from hoardrun.demo.providers.kept import Ledger
from hoardrun.demo.providers.mood import Mood, Trouble


class MailServer:
    """`refused` maps an address to what RCPT is answered; `after_data` is what DATA is answered.

    `pause` is how many seconds pass before each answer.
    `after_data` may also be `hang`, or `drop`: the message is taken, and the connection closed.
    """

    def __init__(
        self,
        login: tuple[str, str] | None = None,
        *,
        ledger: Path | None = None,
        mood: Mood | None = None,
    ) -> None:
        self.ledger = Ledger(ledger)
        self.mood = mood or Mood()
        self.taken: list[EmailMessage] = []
        self.senders: list[str] = []  # of the envelopes, one for each of `taken`
        self.refused: dict[str, str] = {}
        self.sender_refused = ""
        self.after_data = ""
        self.pause = 0.0
        self.login = login
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *details: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.ledger.close()

    async def _listen(self) -> int:
        self._server = await self._loop.create_server(self._conversation, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def _conversation(self) -> SMTP:
        return SMTP(
            self,
            hostname="localhost",
            authenticator=self._authenticate,
            auth_require_tls=False,
            loop=self._loop,
        )

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.pause)
        if self.login and not session.authenticated:
            return _says("no_login")
        if self.sender_refused:
            return self.sender_refused
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.pause)
        if refusal := self.refused.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def trouble(self, envelope: Envelope) -> Trouble | None:
        """Return what the next message meets."""
        return _TOLD.get(self.after_data) or self.mood.trouble()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.pause)
        if self.after_data and self.after_data not in {"hang", "drop"}:
            return self.after_data
        trouble = self.trouble(envelope)
        if trouble in {"too_many", "broken"}:
            return _says(trouble)
        message = message_from_bytes(cast(bytes, envelope.original_content), policy=policy.default)
        if not all(message[name] for name in ("From", "Date", "Message-ID")):
            return _says("no_header")
        if trouble is None or trouble.startswith("accept"):
            self.taken.append(message)
            self.senders.append(str(envelope.mail_from))
            self.ledger.accept(to=envelope.rcpt_tos, **_read(message))
        if trouble and trouble.endswith("hang"):
            await asyncio.sleep(30)
        if trouble:
            cast(asyncio.Transport, server.transport).abort()
        return _says("taken")


# What tests say in `after_data`.
_TOLD: dict[str, Trouble] = {"hang": "accept_and_hang", "drop": "accept_and_drop"}


def _says(name: str) -> str:
    line: str = literal.code("smtp", name)
    return line


def _read(message: EmailMessage) -> dict[str, str]:
    """Return what a mailbox shows of a message."""
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    return {
        "subject": str(message["Subject"]),
        "sender": str(message["From"]),
        "message_id": str(message["Message-ID"]),
        "text": str(text.get_content()) if text else "",
        "html": str(html.get_content()) if html else "",
    }
