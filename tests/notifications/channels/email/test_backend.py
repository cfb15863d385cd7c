"""E-mail by a backend with the shapes of django-anymail, which is not installed here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.core.mail.backends.base import BaseEmailBackend

from notifications.channels.email.backend import STATUSES, Backend
from notifications.channels.email.building import Email
from realtime.outgoing import Outcome
from tests.notifications.channels.support import message, options

AMINA = "amina@example.org"


class AnymailAPIError(Exception):
    def __init__(self, status_code: int | None) -> None:
        self.status_code = status_code


class AnymailConfigurationError(Exception):
    pass


class AnymailRecipientsRefused(Exception):
    pass


class Api(BaseEmailBackend):
    """Does with a message what anymail does; `says` is the status or the error of each."""

    says: ClassVar[Any] = "sent"
    taken: ClassVar[list[Email]] = []

    def send_messages(self, email_messages: Any) -> int:
        (built,) = email_messages
        if isinstance(self.says, str):
            self.taken.append(built)
            recipient = SimpleNamespace(status=self.says, message_id="pm-1")
            built.anymail_status = SimpleNamespace(recipients={AMINA: recipient})
            if self.says in {"invalid", "rejected"}:
                raise AnymailRecipientsRefused
        elif self.says is not None:
            raise self.says
        return 1


@pytest.fixture
def send(settings, monkeypatch):
    settings.CHANNELS = {"PUBLIC_BASE_URL": "https://api.acme.example"}
    monkeypatch.setattr(Api, "taken", [])
    given = options(email_backend=f"{__name__}.Api", email_from="Acme <alerts@acme.example>")

    def send(says: Any) -> Any:
        monkeypatch.setattr(Api, "says", says)
        return Backend(given).send(message("email", AMINA))

    return send


STATED = {
    "sent": ("accepted", ""),
    "queued": ("accepted", ""),
    "unknown": ("unknown", ""),
    "invalid": ("refused", "invalid"),
    "rejected": ("refused", ""),
    "failed": ("refused", ""),
    "novel": ("unknown", ""),
}


@pytest.mark.parametrize("status", STATED)
def test_each_status_of_a_recipient(send, status: str):
    answer = send(status)
    assert (answer.outcome.value, answer.verdict) == STATED[status]
    assert (answer.code, answer.provider_id) == (status, "pm-1")
    assert Api.taken[0].metadata == {"delivery": "4711"}
    assert STATUSES.keys() == STATED.keys() - {"novel"}


@pytest.mark.parametrize(
    ("error", "outcome", "mistake"),
    [
        (AnymailAPIError(401), "refused", True),
        (AnymailAPIError(403), "refused", True),
        (AnymailAPIError(422), "refused", False),
        (AnymailAPIError(429), "later", False),
        (AnymailAPIError(500), "unknown", False),
        (AnymailAPIError(None), "unknown", False),
        (AnymailConfigurationError(), "not_sent", True),
        (TimeoutError(), "unknown", False),
    ],
)
def test_each_error_of_an_api(send, error: Exception, outcome: str, mistake: bool):
    answer = send(error)
    assert (answer.outcome.value, answer.our_mistake) == (outcome, mistake)
    assert answer.code == type(error).__name__


def test_a_backend_that_says_nothing_of_recipients_has_taken_it(send):
    assert send(None).outcome is Outcome.ACCEPTED


def test_a_backend_that_is_not_there_sends_nothing():
    absent = Backend(options(email_backend="anymail.backends.none.EmailBackend"))
    for answer in (absent.send(message("email", AMINA, required=True)), absent.check()):
        assert (answer.outcome, answer.our_mistake) == (Outcome.NOT_SENT, True)
