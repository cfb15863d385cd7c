"""Ask for payments over HTTP, as apps do: what got no answer is asked for again, by the same key.

Run as `python -m tests.payments.load` with one JSON object, what `main` takes. It ends when all
are answered. Each line of its file is a JSON array:

    ["begin", t, key]
    ["end", t, key, status, id]      the last answer; the payment's id, or the code of the refusal
"""

from __future__ import annotations

import http.client
import json
import queue
import random
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.centre.ledger import Ledger
from tests.payments.plan import Plan, Wish
from tests.services.ports import PATIENCE

THREADS = 8
CALL_SECONDS = 10.0
ASKED_FOR_SECONDS = 120.0
PAUSE_SECONDS = 0.2


class Load:
    """Some clients, each of which makes one request at a time, of whoever has the next payment."""

    def __init__(self, log: Ledger, ports: Sequence[int], people: Sequence[Mapping[str, Any]]):
        self._log, self._ports, self._people = log, ports, people
        self._waiting: queue.SimpleQueue[Wish | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run) for _ in range(THREADS)]
        self._has_failed = False

    def run(self, wishes: Sequence[Wish], rate: float) -> bool:
        """Ask for all, at about `rate` a second; say whether all were answered."""
        for thread in self._threads:
            thread.start()
        began = time.monotonic()
        for done, wish in enumerate(wishes):
            time.sleep(max(0.0, done / rate - (time.monotonic() - began)))
            self._waiting.put(wish)
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        return not self._has_failed

    def _run(self) -> None:
        while (wish := self._waiting.get()) is not None:
            try:
                self._ask(wish)
            except Exception:
                self._has_failed = True
                raise

    def _ask(self, wish: Wish) -> None:
        """Ask until a node answers, each time another one."""
        person = self._people[hash_of(wish.key) % len(self._people)]
        body = json.dumps({
            "account_id": person["accounts"][wish.currency],
            "provider": wish.provider,
            "kind": wish.kind,
            "amount": str(wish.amount),
            "msisdn": wish.number,
            "reference": f"R{hash_of(wish.key) % 10**9}",
            **({"network": "MTN_MOMO_UGA"} if wish.provider == "pawapay" else {}),
        })  # fmt: skip
        headers = {
            "Authorization": f"Bearer {person['token']}",
            "Content-Type": "application/json",
            "Idempotency-Key": wish.key,
        }
        self._log.note("begin", wish.key)
        deadline = time.monotonic() + ASKED_FOR_SECONDS * PATIENCE
        tried = hash_of(wish.key)
        while True:
            status, found = _post(self._ports[tried % len(self._ports)], body, headers)
            if 200 <= status < 500 and status != 429:
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{wish.key}: {status} {found}")
            tried += 1
            time.sleep(PAUSE_SECONDS)
        self._log.note("end", wish.key, status, found.get("id") or found.get("code", ""))


def hash_of(key: str) -> int:
    """Return a number that is the same in each run."""
    return random.Random(key).randrange(1 << 30)


def _post(port: int, body: str, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Return status and object of the answer; 0 if there is none."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)
    try:
        link.request("POST", "/api/v1/payments", body, dict(headers))
        answer = link.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        link.close()


def main(*, folder: str, seed: int, ports: Sequence[int], people: str, plan: Mapping[str, Any]):
    given = Plan(**plan)
    wishes = given.wishes()
    random.Random(seed).shuffle(wishes)
    log = Ledger(Path(folder) / "load.jsonl")
    load = Load(log, ports, json.loads(Path(people).read_text()))
    sys.exit(not load.run(wishes, given.rate))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
