"""E-mail by any other backend of Django, which is for django-anymail and its providers.

Nothing is imported of it: what it adds is read where it is there.
"""

from __future__ import annotations

from typing import Any

from django.core.mail import get_connection

from notifications.channels import answers
from notifications.channels.email.building import Email
from notifications.channels.message import Answer, Message, Target
from notifications.channels.options import ChannelOptions
from notifications.kinds import Channel
from realtime.outgoing import Outcome
from realtime.outgoing.reply import outcome_of

# The meaning of anymail's status of a recipient.
STATUSES: dict[str, answers.Meaning] = {
    "sent": answers.ACCEPTED,
    "queued": answers.ACCEPTED,
    "unknown": answers.UNKNOWN,
    "invalid": answers.INVALID,
    "rejected": answers.REFUSED,
    "failed": answers.REFUSED,
}


class Backend:
    """The provider."""

    name = "email"
    channel: Channel = "email"
    service = ""

    def __init__(self, options: ChannelOptions) -> None:
        self.rate = options.email_pace
        self._options = options

    def host(self, to: Target) -> str:
        return self.name

    def send(self, message: Message) -> Answer:
        try:
            built = Email(message, self._options)
            built.message()
        except ValueError:
            return Answer(outcome=Outcome.REFUSED, code="unusable", verdict="invalid")
        try:
            get_connection(self._options.email_backend).send_messages([built])
        except Exception as error:  # each backend has errors of its own
            if type(error).__name__ != "AnymailRecipientsRefused":
                return failed(error)
        return _answer(getattr(built, "anymail_status", None), message.to.value)

    def look_up(self, message: Message) -> Answer | None:
        return None

    def check(self) -> Answer:
        try:
            connection = get_connection(self._options.email_backend)
            connection.open()
            connection.close()
        except Exception as error:  # each backend has errors of its own
            return failed(error)
        return Answer(outcome=Outcome.ACCEPTED)


def failed(error: Exception) -> Answer:
    """Read an error of a backend: that of an API has its HTTP status."""
    name = type(error).__name__
    if isinstance(error, ImportError) or name == "AnymailConfigurationError":
        return Answer(outcome=Outcome.NOT_SENT, code=name, our_mistake=True)
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return Answer(outcome=Outcome.UNKNOWN, code=name)
    return Answer(
        outcome=outcome_of(status, {}),
        status=status,
        code=name,
        our_mistake=status in {401, 403},
    )


def _answer(status: Any, address: str) -> Answer:
    """Read what anymail has put on the message; another backend puts nothing there."""
    found = getattr(status, "recipients", {}).get(address)
    if found is None:
        return Answer(outcome=Outcome.ACCEPTED)
    meaning = STATUSES.get(found.status, answers.UNKNOWN)
    return Answer(
        outcome=meaning.outcome,
        code=str(found.status),
        provider_id=found.message_id,
        verdict=meaning.verdict,
    )
