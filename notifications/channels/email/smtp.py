"""E-mail by SMTP, through Django's backend.

What fails before the message is handed over is safe to repeat; what breaks off afterwards is not
known. Nothing is lost by repeating it: the Message-ID is the same.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from functools import partial
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from notifications.channels.email import replies
from notifications.channels.email.building import Email
from notifications.channels.message import Answer, Message, Target
from notifications.channels.options import ChannelOptions
from notifications.hooks import tokens
from notifications.kinds import Channel
from realtime.outgoing import Outcome

CONNECT_SECONDS = 3.0
TIMEOUT_SECONDS = 13.0  # for the whole conversation, as for a call by HTTP


class _Conversation:
    """Ends a conversation at its deadline, however little its server says at a time."""

    sock: Any

    def __init__(self, *args: Any, seconds: float, **kwargs: Any) -> None:
        self._until = time.monotonic() + seconds
        kwargs["timeout"] = min(seconds, CONNECT_SECONDS)
        super().__init__(*args, **kwargs)

    def send(self, text: Any) -> None:
        """Send a command; it and its answer have what is left of the time."""
        left = self._until - time.monotonic()
        if left <= 0:
            self.close()  # type: ignore[attr-defined]  # of smtplib
            raise smtplib.SMTPServerDisconnected("the conversation takes too long")
        if self.sock:
            self.sock.settimeout(left)
        super().send(text)  # type: ignore[misc]  # of smtplib


class _Smtp(_Conversation, smtplib.SMTP):
    """A conversation that begins in the clear."""


class _SmtpTls(_Conversation, smtplib.SMTP_SSL):
    """A conversation by TLS from the first byte on."""


class _Backend(EmailBackend):
    """Django's backend, with a deadline for the whole conversation."""

    def __init__(self, *, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seconds = seconds

    @property
    def connection_class(self) -> Any:
        return partial(_SmtpTls if self.use_ssl else _Smtp, seconds=self._seconds)


class Smtp:
    """The provider."""

    name = "smtp"
    channel: Channel = "email"
    service = ""

    def __init__(self, options: ChannelOptions, seconds: float = TIMEOUT_SECONDS) -> None:
        self.rate = options.email_pace
        self._options = options
        self._seconds = seconds

    def host(self, to: Target) -> str:
        return self.name

    def send(self, message: Message) -> Answer:
        try:
            built = Email(message, self._options, self._return_path(message))
            built.message()
        except ValueError:  # a line break in a header, or what no header can hold
            return Answer(outcome=Outcome.REFUSED, code="unusable", verdict="invalid")
        connection = self._connection()
        try:
            connection.open()
        except OSError as error:  # all of smtplib's are
            _close(connection)
            return not_opened(error)
        try:
            connection.send_messages([built])
        except (OSError, ValueError) as error:
            return broken(error)
        finally:
            _close(connection)
        return Answer(outcome=Outcome.ACCEPTED, status=250)

    def look_up(self, message: Message) -> Answer | None:
        return None

    def check(self) -> Answer:
        connection = self._connection()
        try:
            connection.open()
        except OSError as error:
            _close(connection)
            return not_opened(error)
        _close(connection)
        return Answer(outcome=Outcome.ACCEPTED)

    def _return_path(self, message: Message) -> str:
        """Return the signed address for bounces; "" where they go to the sender."""
        base = self._options.email_bounces
        return tokens.bounce_address(base, message.delivery_id) if base else ""

    def _connection(self) -> EmailBackend:
        given = self._options
        return _Backend(
            host=given.email_host,
            port=given.email_port,
            username=given.email_user,
            password=given.email_password,
            use_tls=given.email_security == "starttls",
            use_ssl=given.email_security == "tls",
            seconds=self._seconds,
        )


def not_opened(error: OSError) -> Answer:
    """Say why there is no connection: nothing was sent."""
    status = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError):
        # Of the login, 454 and 421 are for later.
        is_ours = status is None or status >= 500
        return Answer(outcome=Outcome.NOT_SENT, status=status, code="login", our_mistake=is_ours)
    if isinstance(error, ssl.SSLError):
        return Answer(outcome=Outcome.NOT_SENT, code="tls", our_mistake=True)
    return Answer(outcome=Outcome.NOT_SENT, status=status, code="connect")


def broken(error: Exception) -> Answer:
    """Say what became of a message whose sending ended with an error."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            status, text = next(iter(error.recipients.values()))
            return _refused(replies.read(status, text), "recipient")
        case smtplib.SMTPSenderRefused():
            return _refused(replies.read(error.smtp_code, error.smtp_error), "sender")
        case smtplib.SMTPResponseException():
            return _refused(replies.read(error.smtp_code, error.smtp_error), "data")
        case smtplib.SMTPNotSupportedError():
            # The address needs letters that this server does not take.
            return Answer(outcome=Outcome.REFUSED, code="not_supported")
        case ValueError():
            return Answer(outcome=Outcome.REFUSED, code="unusable", verdict="invalid")
    # smtplib says the same of a time-out and of a connection that broke.
    return Answer(outcome=Outcome.UNKNOWN, code="broken")


def _refused(said: replies.Said, stage: replies.Stage) -> Answer:
    meaning = replies.meaning(said, stage)
    return Answer(
        outcome=meaning.outcome,
        status=said.status,
        code=said.code,
        verdict=meaning.verdict,
        our_mistake=meaning.our_mistake,
    )


def _close(connection: EmailBackend) -> None:
    """Say goodbye, also where opening got half-way; the answer is known already."""
    try:
        connection.close()
    except OSError:
        return
