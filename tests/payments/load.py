"""Send requests over HTTP, as apps do: what got no answer is sent again, with the same key.

Run as `python -m tests.payments.load` with one JSON object, what `main` takes. It ends when all
are answered. Each line of its file is a JSON array:

    ["begin", t, key]
    ["end", t, key, status, id]      an answer; the payment's id, or the code of the refusal
    ["bill", t, key, status, text]   what the phone shows that pays by its menu
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
from tests.services.ports import PATIENCE

THREADS = 8
CALL_SECONDS = 10.0
ASKED_FOR_SECONDS = 120.0
PAUSE_SECONDS = 0.2
TWICE = 8  # one request of so many is sent once more after its answer, as by a second press

# Its key, path, token and body, and the bill that the phone pays as well, if any.
Request = Mapping[str, Any]


class Load:
    """Some clients, each of which makes one request at a time, whichever is next."""

    def __init__(self, log: Ledger, ports: Sequence[int], phones: int) -> None:
        self._log, self._ports, self._phones = log, ports, phones
        self._waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._run) for _ in range(THREADS)]
        self._has_failed = False

    def run(self, requests: Sequence[Request], rate: float) -> bool:
        """Send all, at about `rate` a second; say whether all were answered."""
        for thread in self._threads:
            thread.start()
        began = time.monotonic()
        for done, request in enumerate(requests):
            time.sleep(max(0.0, done / rate - (time.monotonic() - began)))
            self._waiting.put(request)
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        return not self._has_failed

    def _run(self) -> None:
        while (request := self._waiting.get()) is not None:
            try:
                number = hash_of(request["key"])
                self._ask(request, number)
                if not number % TWICE:
                    self._ask(request, number + 1)
                if "bill" in request:
                    self._pay(request["key"], request["bill"])
            except Exception:
                self._has_failed = True
                raise

    def _ask(self, request: Request, first: int) -> None:
        """Ask until a node answers, each time another one."""
        key = request["key"]
        self._log.note("begin", key)
        deadline = time.monotonic() + ASKED_FOR_SECONDS * PATIENCE
        tried = first
        while True:
            port = self._ports[tried % len(self._ports)]
            status, found = _post(port, request["path"], request["body"], _headers(request))
            if 200 <= status < 500 and status != 429:
                break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{key}: {status} {found}")
            tried += 1
            time.sleep(PAUSE_SECONDS)
        self._log.note("end", key, status, found.get("id") or found.get("code", ""))

    def _pay(self, key: str, bill: Mapping[str, str]) -> None:
        """Pay by the menu of a phone, once."""
        status, found = _post(self._phones, "/phones/bill", bill, {})
        self._log.note("bill", key, status, found.get("message", ""))


def hash_of(key: str) -> int:
    """Return a number that is the same in each run."""
    return random.Random(key).randrange(1 << 30)


def _headers(request: Request) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {request['token']}", "Idempotency-Key": request["key"]}


def _post(
    port: int, path: str, body: object, headers: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """Return status and object of the answer; 0 if there is none."""
    headers = {"Content-Type": "application/json", **headers}
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)
    try:
        link.request("POST", path, json.dumps(body), headers)
        answer = link.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        link.close()


def main(*, folder: str, name: str, ports: Sequence[int], phones: int, rate: float) -> None:
    """Send the requests of a file, in its order."""
    requests = json.loads(Path(folder, f"{name}.json").read_text())
    load = Load(Ledger(Path(folder) / f"load-{name}.jsonl"), ports, phones)
    sys.exit(not load.run(requests, rate))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
