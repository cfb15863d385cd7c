"""A mail server that takes, refuses, hangs and drops."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.services.ports import free_port


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
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self._authenticate,
            auth_require_tls=False,
        )

    @property
    def port(self) -> int:
        port: int = self._controller.port
        return port

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._controller.stop()

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
