"""The providers as one process with one ledger: they take messages, misbehave, and report.

Run as `python -m tests.centre.outside` with one JSON object, what `Outside` takes; then driven as
`tests.services.driven` describes. Its ledger is the only witness of what left the deployment.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from hoardrun.demo.providers.http import Asked, Told
from hoardrun.demo.providers.mood import Mood, Trouble
from notifications.channels.push.vapid import KeyRing
from tests.centre.ledger import Ledger
from tests.centre.misbehaving import Mail, Messages, Misbehaving, Push, Talking, described
from tests.centre.reports import Reports
from tests.services.driven import Answer, serve

ACCOUNT, TOKEN = "AC1", "token"
HOLD_SECONDS = 60.0
# The shares of the calls that meet each trouble, of all providers and of one, unless a run says
# otherwise.
TROUBLES: Mapping[str, Mapping[str, float]] = {
    "all": {
        "drop": 0.01, "accept_and_drop": 0.01, "too_many": 0.01, "broken": 0.005, "hang": 0.002,
    },
    "twilio": {"unroutable": 0.01},
}  # fmt: skip
# What a call meets that a scene holds, once it is released.
HELD: Mapping[str, Told | Trouble] = {
    "hold_later": "too_many", "hold_gone": Told(410), "hold_lost": "accept_and_drop",
}  # fmt: skip


class Outside:
    """All providers, their reports, and the browsers behind the push service."""

    def __init__(
        self,
        *,
        folder: str,
        seed: int,
        vapid: str,
        base: str,
        troubles: Mapping[str, Mapping[str, float]] | None = None,
        shown: float = 0.7,
    ) -> None:
        self.log = Ledger(Path(folder) / "outside.jsonl")
        self._held: dict[str, deque[str]] = defaultdict(deque)  # by provider: of its next calls
        self._released = threading.Event()
        self._public = KeyRing(vapid, []).current
        self._shown, self._rng = shown, random.Random(f"{seed} shown")
        self._owners: dict[str, str] = {}  # by path: the endpoint of a subscription
        self._reports = Reports(base, seed, self.log)
        self.push, self.mail = Push(), Mail()
        self.talking = Talking("acme", "key", reporter=self._reports)
        self.twilio = Messages(ACCOUNT, TOKEN, reporter=self._reports)
        self._providers: Mapping[str, Misbehaving | Mail] = {
            "webpush": self.push, "africastalking": self.talking, "twilio": self.twilio,
            "smtp": self.mail,
        }  # fmt: skip
        shares = TROUBLES if troubles is None else troubles
        for number, (name, each) in enumerate(self._providers.items()):
            own: dict[str, Any] = {**shares.get("all", {}), **shares.get(name, {})}
            each.placed(self, name, Mood(10 * seed + number, **own))
        self._running = ExitStack()
        for entered in (*self._providers.values(), self._reports):
            self._running.enter_context(entered)

    def close(self) -> None:
        """End all of them."""
        self._running.close()

    # -- calls

    def befall(self, fake: Misbehaving, asked: Asked, address: str) -> Told | None:
        """Answer a call, or misbehave: as a scene says, or else as the provider's mood does."""
        held = ""
        with suppress(IndexError):
            held = self._held[fake.provider].popleft()
        step = HELD[held] if held else fake.mood.trouble()
        address = self._owners.get(address, address)
        self.log.note("asked", fake.provider, address, held or step or "")
        if address in self.twilio.numbers:
            self.log.note("refused", fake.provider, address, "21610")
            return fake.answer(asked)
        if held == "hold_gone":
            self.log.note("refused", fake.provider, address, "410")
        if held:
            self.log.note("held", fake.provider, address)
            self._released.wait(HOLD_SECONDS)
        return fake.meet(step, asked)

    def accepted(self, provider: str, entry: dict[str, Any]) -> None:
        """Write down what a provider has taken, and let what follows from it follow."""
        address, said = described(provider, entry)
        self.log.note("accepted", provider, address, said)
        if provider == "webpush" and self._rng.random() < self._shown:
            self._reports.displayed(entry["shown"]["notification"]["data"]["receipt"])

    # -- commands

    def where(self) -> Answer:
        """Return the environment by which workers find these providers, and PUSH_URL."""
        return {
            "PUSH_URL": self.push.url,
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

    def behind(self, *, push: str) -> Answer:
        """Let subscriptions from now on lead to the push service by this URL."""
        self.push.url = push
        return {}

    def subscribe(self, *, count: int) -> Answer:
        """Make subscriptions, as browsers do."""
        made = []
        for _ in range(count):
            found = self.push.subscribe(self._public.public)
            self._owners[found.endpoint.removeprefix(self.push.url)] = found.endpoint
            keys = found.keys | {"vapid": self._public.id}
            made.append({"endpoint": found.endpoint, "keys": keys})
        return {"subscriptions": made}

    def hooks(self, *, talking: str) -> Answer:
        self.talking.reports_url = talking
        return {}

    def then(self, *, provider: str, how: list[str]) -> Answer:
        """Hold the next calls of a provider until `release`; `how` names what each meets then."""
        self._released.clear()
        self._held[provider].extend(how)
        return {}

    def release(self) -> Answer:
        """Let go the calls that are held."""
        self._held.clear()
        self._released.set()
        return {}

    def block(self, *, number: str) -> Answer:
        """Refuse a number from now on, because its owner has told the provider so."""
        self.twilio.numbers[number] = 21610
        self.talking.recipients[number] = 406
        return {}

    def quiet(self) -> Answer:
        """Misbehave no more."""
        for each in self._providers.values():
            each.mood = Mood()
        return self.release()

    def waiting(self) -> Answer:
        """Return how many reports are still to come."""
        return {"reports": self._reports.waiting()}


def main() -> None:
    names = (
        "where", "behind", "subscribe", "hooks", "then", "release", "block", "quiet", "waiting",
    )  # fmt: skip
    with closing(Outside(**json.loads(sys.argv[1]))) as outside:
        serve({name: getattr(outside, name) for name in names})


if __name__ == "__main__":
    main()
