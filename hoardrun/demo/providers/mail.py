"""A mail server that takes, refuses, hangs and drops."""

from __future__ import annotations

import asyncio
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class MailServer:
    """`refused` maps an address to what RCPT is answered; `after_data` is what DATA is answered.

    `pause` is how many seconds pass before each answer.
    `after_data` may also be `hang`, or `drop`: the message is taken, and the connection closed.
    """

    def __init__(self, login: tuple[str, str] | None = None) -> None:
        self.taken: list[EmailMessage] = []
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
            return "530 5.7.0 log in first"
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

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.pause)
        if self.after_data and self.after_data not in {"hang", "drop"}:
            return self.after_data
        content = cast(bytes, envelope.original_content)
        self.taken.append(message_from_bytes(content, policy=policy.default))
        if self.after_data == "hang":
            await asyncio.sleep(30)
        if self.after_data == "drop":
            cast(asyncio.Transport, server.transport).abort()
        return "250 2.0.0 taken"
