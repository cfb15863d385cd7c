"""Post what providers and browsers say of messages: late, now and then twice, in any order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qs

from hoardrun.demo.providers.mood import Mood
from hoardrun.demo.providers.reports import Reporter
from tests.centre.ledger import Ledger

MOOD = Mood(late=1, late_seconds=2, doubled=0.1)
AGAIN_SECONDS = 0.5  # after a report that nobody has heard
THREADS = 4


class Reports(Reporter):
    """Posts each report until it is heard; the ledger of the run has it before and after."""

    def __init__(self, base: str, seed: int, log: Ledger) -> None:
        super().__init__(replace(MOOD, seed=seed), after=0, threads=THREADS)
        self._receipts = f"{base}/api/v1/receipts"
        self._log = log

    def displayed(self, receipt: str) -> None:
        """Let the browser say that it has shown a message."""
        body = json.dumps({"token": receipt, "event": "displayed"}).encode()
        self.send(self._receipts, body, {"Content-Type": "application/json"})

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        said = self._said(url, body)
        self._log.note("saying", *said)
        status, answer = super().post(url, body, headers)
        if 200 <= status < 300:
            self._log.note("said", *said)
        return status, answer

    def again(self, status: int, tried: int) -> float | None:
        return AGAIN_SECONDS if status in {0, 429} or status >= 500 else None

    def _said(self, url: str, body: bytes) -> tuple[str, int | None]:
        """Return what a report says, and of which delivery; Africa's Talking names none."""
        if url == self._receipts:
            return "displayed", delivery_of(json.loads(body)["token"])
        form = parse_qs(body.decode())
        if "MessageStatus" in form:
            return form["MessageStatus"][0], delivery_of(url)
        return form["status"][0], None


def delivery_of(token: str) -> int:
    """Return the delivery that a token of ours names, alone or at the end of a URL."""
    return int(token.rstrip("/").rpartition("/")[2].partition(":")[0])
