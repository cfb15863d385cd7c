"""What owners of numbers and mail servers tell the deployment by its webhooks.

A word is noted before it is told, and again once it was taken: between the two the product may know
it, and from then on it must. It is told until it is taken, and now and then once more.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from hoardrun.demo.providers.reports import FORM, twilio_signature
from tests.centre.ledger import Ledger

HEARD_WITHIN_SECONDS = 60.0
AGAIN_SECONDS = 0.3
AGAIN_SHARE = 0.3  # of the words that are told once more


class Telling:
    """Tells words; the ledger is the one of the providers."""

    def __init__(self, folder: Path, urls: Mapping[str, str], twilio_token: str) -> None:
        self._urls, self._token = urls, twilio_token
        self._log = Ledger(folder / "outside.jsonl")
        self._rng = random.Random("telling")
        self._count = 0
        self.stopped: list[str] = []  # numbers whose owners have sent STOP, and no START since
        self.told: set[str] = set()  # e-mail addresses that a word was told about

    def text(self, number: str, word: str) -> None:
        """Let the owner of a number send an SMS to us."""
        form = {"MessageSid": self._id("SM"), "From": number, "Body": word}
        body, url = urlencode(form).encode(), self._urls["texts"]
        headers = {
            "X-Twilio-Signature": twilio_signature(self._token, url, body),
            "Content-Type": FORM,
        }
        self._tell(word.lower(), number, url, body, headers)
        if word == "STOP":
            self.stopped.append(number)
        else:
            self.stopped.remove(number)

    def mail(self, what: str, address: str, delivery: int) -> None:
        """Report an e-mail as bounced for good, or that its reader complained."""
        event: dict[str, Any] = {
            "event_type": what, "event_id": self._id("event"), "recipient": address,
            "metadata": {"delivery": delivery},
            "reject_reason": "bounced" if what == "bounced" else None,
        }  # fmt: skip
        body = json.dumps([event]).encode()
        self.told.add(address)
        headers = {"Content-Type": "application/json"}
        self._tell(what, address, self._urls["mails"], body, headers, delivery)

    def _id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count:06}"

    def _tell(
        self, what: str, address: str, url: str, body: bytes, headers: Mapping[str, str],
        delivery: int | None = None,
    ) -> None:  # fmt: skip
        self._log.note("telling", what, address, delivery)
        self._post(url, body, headers)
        self._log.note("told", what, address, delivery)
        if self._rng.random() < AGAIN_SHARE:
            self._post(url, body, headers)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        deadline = time.monotonic() + HEARD_WITHIN_SECONDS
        while True:
            try:
                answer = httpx.post(
                    url, content=body, headers=dict(headers), timeout=5, trust_env=False
                )
                if answer.is_success:
                    return
                problem = f"it answers {answer.status_code}"
            except httpx.HTTPError as error:
                problem = repr(error)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} takes no word: {problem}")
            time.sleep(AGAIN_SECONDS)
