"""Our stand-ins for providers, told by chance to misbehave; what they take goes into the ledger."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any, Protocol

from hoardrun.demo.providers import kept
from hoardrun.demo.providers.http import Asked, Told
from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.push import PushService
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from tests.centre.chance import Chance
from tests.centre.ledger import Ledger

SMS = ("africastalking", "twilio")


class Owner(Protocol):
    """What the providers belong to: see `outside`."""

    chance: Chance
    log: Ledger

    def befall(self, fake: Any, asked: Asked, address: str) -> Told | None: ...

    def accepted(self, provider: str, entry: dict[str, Any]) -> None: ...


class Taken(kept.Ledger):
    """What one provider has accepted; the ledger of the run hears of it too."""

    def __init__(self, provider: str, outside: Owner) -> None:
        super().__init__()
        self._provider, self._outside = provider, outside

    def accept(self, **entry: Any) -> None:
        super().accept(**entry)
        self._outside.accepted(self._provider, entry)


class Misbehaving:
    """A fake of ours that is told by chance to misbehave: mixed into each of those by HTTP."""

    outside: Owner
    provider: str
    ledger: kept.Ledger

    def placed(self, outside: Owner, provider: str) -> None:
        self.outside, self.provider = outside, provider
        self.ledger = Taken(provider, outside)

    def _take(self, asked: Asked) -> Told | None:
        if asked.method != "POST":
            return self.answer(asked)  # type: ignore[attr-defined, no-any-return]
        address = asked.form().get("to") or asked.form().get("To") if self.provider in SMS else None
        return self.outside.befall(self, asked, address or asked.path)


class Push(Misbehaving, PushService):
    """Web push; devices show what it takes."""


class Talking(Misbehaving, AfricasTalking):
    """Africa's Talking."""


class Messages(Misbehaving, Twilio):
    """Twilio."""


class Mail(MailServer):
    """The mail server; it takes what it is sent, and now and then breaks off."""

    def placed(self, outside: Owner) -> None:
        self.outside = outside

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        how = self.outside.chance.how("smtp")
        [address] = envelope.rcpt_tos
        self.outside.log.note("asked", "smtp", address, how)
        if how in {"later", "broken", "drop"}:
            return "451 4.3.0 try again"
        before = len(self.taken)
        self.after_data = "drop" if how in {"accept_and_drop", "hang"} else ""
        answer = await super().handle_DATA(server, session, envelope)
        for message in self.taken[before:]:
            self.outside.accepted("smtp", {"to": address, "message": message})
        self.taken.clear()
        return answer


def described(provider: str, entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the address of a message and what it says."""
    if provider == "webpush":
        shown = entry["shown"]["notification"]
        said = {
            "notification": shown["data"]["id"],
            "delivery": int(shown["data"]["receipt"].partition(":")[0]),
            "user": shown["data"]["user"],
            "text": f"{shown['title']} {shown['body']}",
        }
        return entry["endpoint"], said
    if provider == "twilio":
        token = entry["callback"].rstrip("/").rpartition("/")[2]
        number = int(token.partition(":")[0])
        said = {"delivery": number, "id": entry["sid"], "text": entry["body"]}
        return entry["to"], said
    if provider == "africastalking":
        return entry["to"], {"id": entry["id"], "text": entry["message"]}
    message: EmailMessage = entry["message"]
    number = int(message["Message-ID"].partition("@")[0].removeprefix("<delivery-"))
    said = {"delivery": number, "text": message["Subject"]}
    return entry["to"], said
