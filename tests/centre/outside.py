"""The providers as one process with one ledger: they take messages, misbehave, and report.

Run as `python -m tests.centre.outside` with one JSON object, what `Outside` takes; then driven as
`tests.services.driven` describes. Its ledger is the only witness of what left the deployment.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hoardrun.demo.providers.http import Asked, Told, as_json
from notifications.channels.push.vapid import KeyRing
from tests.centre.chance import TROUBLES, Chance
from tests.centre.ledger import Ledger
from tests.centre.misbehaving import SMS, Mail, Messages, Push, Talking, described
from tests.centre.reports import Reports
from tests.services.driven import Answer, serve

ACCOUNT, TOKEN = "AC1", "token"
HOLD_SECONDS = 60.0


class Outside:
    """All providers, their reports, and the browsers behind the push service."""

    def __init__(
        self,
        *,
        folder: str,
        seed: int,
        vapid: str,
        base: str,
        troubles: Mapping[str, float] | None = None,
        shown: float = 0.7,
    ) -> None:
        self.log = Ledger(Path(folder) / "outside.jsonl")
        self.chance = Chance(seed, TROUBLES if troubles is None else troubles)
        self._public = KeyRing(vapid, []).current
        self._shown = shown
        self._owners: dict[str, str] = {}  # by path: the endpoint of a subscription
        self.gone: set[str] = set()
        self.blocked: set[str] = set()  # numbers that have said STOP to the provider
        self._reports = Reports(base, TOKEN, self.chance, self.log)
        self.push, self.talking = Push(), Talking("acme", "key")
        self.twilio, self.mail = Messages(ACCOUNT, TOKEN), Mail()
        self.push.placed(self, "webpush")
        self.talking.placed(self, "africastalking")
        self.twilio.placed(self, "twilio")
        self.mail.placed(self)
        for each in (self.push, self.talking, self.twilio, self.mail):
            each.__enter__()

    # -- calls

    def befall(self, fake: Any, asked: Asked, address: str) -> Told | None:
        """Answer a call, or misbehave."""
        how = self.chance.how(fake.provider)
        address = self._owners.get(address, address)
        self.log.note("asked", fake.provider, address, how)
        if address in self.blocked:
            self.log.note("refused", fake.provider, address, "21610")
            return as_json(400, {"code": 21610, "message": "refused", "status": 400})
        if how == "hold_gone":
            self.log.note("refused", fake.provider, address, "410")
        if how.startswith("hold"):
            self.log.note("held", fake.provider, address)
            self.chance.released.wait(HOLD_SECONDS)
            how = how.removeprefix("hold").removeprefix("_")
        match how:
            case "later":
                return Told(429, b"", {"Retry-After": "1"})
            case "broken":
                return Told(500, b"no")
            case "gone":
                return Told(410)
            case "unroutable" if fake.provider == "twilio":
                return as_json(400, {"code": 21612, "message": "refused", "status": 400})
            case "drop":
                return None
            case "hang":
                time.sleep(self.chance.draw() * 5 + 2)
                return None
            case "accept_and_drop":
                fake.answer(asked)
                return None
            case "twilio_drops" if fake.provider == "twilio":
                fake.answer(asked)
                return None
        told: Told = fake.answer(asked)
        return told

    def accepted(self, provider: str, entry: dict[str, Any]) -> None:
        """Write down what a provider has taken, and let what follows from it follow."""
        address, said = described(provider, entry)
        self.log.note("accepted", provider, address, said)
        if provider == "webpush":
            if self.chance.draw() < self._shown:
                receipt = entry["shown"]["notification"]["data"]["receipt"]
                self._reports.soon("displayed", receipt, said["delivery"])
        elif provider in SMS:
            for word in ("sent", "delivered") if provider == "twilio" else ("delivered",):
                self._reports.soon(word, (provider, entry), said.get("delivery"))

    # -- commands

    def where(self) -> Answer:
        """Return the environment by which workers find these providers."""
        return {
            "AFRICASTALKING_USERNAME": "acme",
            "AFRICASTALKING_API_KEY": "key",
            "AFRICASTALKING_URL": self.talking.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": "+15005550006",
            "TWILIO_URL": self.twilio.url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.mail.port),
        }

    def subscribe(self, *, count: int) -> Answer:
        """Make subscriptions, as browsers do."""
        made = []
        for _ in range(count):
            found = self.push.subscribe(self._public.public)
            self._owners[found.endpoint.removeprefix(self.push.url)] = found.endpoint
            keys = found.keys | {"vapid": self._public.id}
            made.append({"endpoint": found.endpoint, "keys": keys})
        return {"subscriptions": made}

    def hooks(self, *, talking: str, inbound: str) -> Answer:
        self._reports.talking, self._reports.inbound = talking, inbound
        return {}

    def then(self, *, provider: str, how: list[str]) -> Answer:
        """Let these befall the next calls of a provider; `hold` and `hold_…` until `release`."""
        self.chance.released.clear()
        self.chance.next.setdefault(provider, deque()).extend(how)
        return {}

    def release(self) -> Answer:
        """Let go the calls that are held."""
        self.chance.next.clear()
        self.chance.released.set()
        return {}

    def stop(self, *, number: str) -> Answer:
        """Let the owner of a number answer STOP."""
        self._reports.soon("stop", number, None)
        return {}

    def block(self, *, number: str) -> Answer:
        """Refuse a number from now on, because its owner has told the provider so."""
        self.blocked.add(number)
        return {}

    def quiet(self) -> Answer:
        """Misbehave no more."""
        self.chance.troubles.clear()
        return self.release()

    def waiting(self) -> Answer:
        """Return how many reports are still to come."""
        return {"reports": len(self._reports)}


def main() -> None:
    outside = Outside(**json.loads(sys.argv[1]))
    names = ("where", "subscribe", "hooks", "then", "release", "stop", "block", "quiet", "waiting")
    serve({name: getattr(outside, name) for name in names})


if __name__ == "__main__":
    main()
