"""What providers and browsers say of messages later: late, now and then twice, in any order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.centre.chance import Chance
from tests.centre.ledger import Ledger

LATEST_SECONDS = 2.0
AGAIN_SECONDS = 0.5  # after a report that nobody has heard
THREADS = 4


class Reports:
    """Reports that are due, and the threads that make them until they are heard."""

    def __init__(self, base: str, token: str, chance: Chance, log: Ledger) -> None:
        self._base, self._token = base, token
        self._chance, self._log = chance, log
        self._due: list[tuple[float, str, Any, int | None]] = []
        self._wake = threading.Condition()
        self.talking = self.inbound = ""  # the URLs of webhooks
        for _ in range(THREADS):
            threading.Thread(target=self._report, daemon=True).start()

    def __len__(self) -> int:
        with self._wake:
            return len(self._due)

    def soon(self, what: str, of: Any, delivery: int | None) -> None:
        with self._wake:
            for _ in range(2 if self._chance.draw() < 0.1 else 1):
                self._due.append(
                    (time.time() + self._chance.draw() * LATEST_SECONDS, what, of, delivery)
                )
            self._wake.notify()

    def _report(self) -> None:
        client = httpx.Client(timeout=5, trust_env=False)
        while True:
            with self._wake:
                self._due.sort(key=lambda each: each[0])
                now = time.time()
                if not self._due or self._due[0][0] > now:
                    self._wake.wait(min(self._due[0][0] - now, 0.2) if self._due else 0.2)
                    continue
                _, what, of, delivery = self._due.pop(0)
            self._log.note("saying", what, delivery)
            if not self._say(client, what, of, delivery):
                with self._wake:
                    self._due.append((time.time() + AGAIN_SECONDS, what, of, delivery))

    def _say(self, client: httpx.Client, what: str, of: Any, delivery: int | None) -> bool:
        """Say something of a message; False if nobody has heard it."""
        try:
            answer = self._post(client, what, of)
        except httpx.HTTPError:
            return False
        if answer.is_success:
            self._log.note("said", what, delivery or (of if what == "stop" else None))
        return answer.status_code < 500 and answer.status_code != 429

    def _post(self, client: httpx.Client, what: str, of: Any) -> httpx.Response:
        if what == "displayed":
            body = {"token": of, "event": what}
            return client.post(f"{self._base}/api/v1/receipts", json=body)
        if what == "stop":
            form = {"MessageSid": f"SM{time.time_ns()}", "From": of, "Body": "STOP"}
            return self._signed(client, self.inbound, form)
        provider, entry = of
        if provider == "twilio":
            form = {"MessageSid": entry["sid"], "MessageStatus": what}
            return self._signed(client, entry["callback"], form)
        form = {"id": entry["id"], "status": "Success", "phoneNumber": entry["to"]}
        return client.post(self.talking, data=form)

    def _signed(self, client: httpx.Client, url: str, form: dict[str, str]) -> httpx.Response:
        text = url + "".join(f"{name}{value}" for name, value in sorted(form.items()))
        digest = hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()
        signed = {
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return client.post(url, content=urlencode(form), headers=signed)
