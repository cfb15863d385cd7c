"""Our stand-ins for providers, which a run lets misbehave; what they take goes into its ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from aiosmtpd.smtp import Envelope

from hoardrun.demo.providers import kept
from hoardrun.demo.providers.http import Asked, Fake, Told
from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.mood import Mood, Trouble
from hoardrun.demo.providers.push import PushService
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from tests.centre.ledger import Ledger
from tests.centre.reports import delivery_of

SMS = ("africastalking", "twilio")


class Owner(Protocol):
    """What the providers belong to: see `outside`."""

    log: Ledger

    def befall(self, fake: Misbehaving, asked: Asked, address: str) -> Told | None: ...

    def accepted(self, provider: str, entry: dict[str, Any]) -> None: ...


class Taken(kept.Ledger):
    """What one provider has accepted; the ledger of the run hears of it too."""

    def __init__(self, provider: str, outside: Owner) -> None:
        super().__init__()
        self._provider, self._outside = provider, outside

    def accept(self, **entry: Any) -> dict[str, Any]:
        self._outside.accepted(self._provider, entry)
        return super().accept(**entry)


class Misbehaving(Fake):
    """A provider by HTTP whose calls the run hears of before they are answered."""

    outside: Owner
    provider: str

    def placed(self, outside: Owner, provider: str, mood: Mood) -> None:
        self.outside, self.provider, self.mood = outside, provider, mood
        self.ledger = Taken(provider, outside)

    def troubled(self, trouble: Trouble) -> Told:
        told = super().troubled(trouble)
        again = {"Retry-After": "1"} if trouble == "too_many" else {}
        return replace(told, headers={**told.headers, **again})

    def _take(self, asked: Asked) -> Told | None:
        if asked.method != "POST":
            return self.answer(asked)
        address = asked.form().get("to") or asked.form().get("To") if self.provider in SMS else None
        return self.outside.befall(self, asked, address or asked.path)


class Push(Misbehaving, PushService):
    """Web push; devices show what it takes."""


class Talking(Misbehaving, AfricasTalking):
    """Africa's Talking."""


class Messages(Misbehaving, Twilio):
    """Twilio."""


class Mail(MailServer):
    """The mail server. What was taken is kept in the ledger of the run only."""

    def placed(self, outside: Owner, provider: str, mood: Mood) -> None:
        self.outside, self.mood = outside, mood
        self.ledger = Taken(provider, outside)

    def trouble(self, envelope: Envelope) -> Trouble | None:
        for each in (self.taken, self.senders, self.ledger):
            each.clear()
        trouble = super().trouble(envelope)
        [address] = envelope.rcpt_tos
        self.outside.log.note("asked", "smtp", address, trouble or "")
        return trouble


def described(provider: str, entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the address of a message and what it says."""
    if provider == "webpush":
        shown = entry["shown"]["notification"]
        said = {
            "notification": shown["data"]["id"],
            "delivery": delivery_of(shown["data"]["receipt"]),
            "user": shown["data"]["user"],
            "text": f"{shown['title']} {shown['body']}",
        }
        return entry["endpoint"], said
    if provider == "twilio":
        number = delivery_of(entry["callback"])
        return entry["to"], {"delivery": number, "id": entry["sid"], "text": entry["body"]}
    if provider == "africastalking":
        return entry["to"], {"id": entry["id"], "text": entry["message"]}
    number = int(entry["message_id"].partition("@")[0].removeprefix("<delivery-"))
    [address] = entry["to"]
    return address, {"delivery": number, "text": entry["subject"]}
