"""MTN, by the stub of the demo, whose time stands still until all is paid.

Run as `python -m bench.peers.money.provider`, and driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import csv
import io
import time
from typing import Any
from urllib.request import urlopen

from hoardrun.demo.providers.http import Asked, Told
from hoardrun.demo.providers.money.server import STILL, Money
from tests.services.driven import Answer, serve

PAID_AFTER_SECONDS = 5  # more than a payment of these numbers takes


class Timed(Money):
    """Keeps when it first answered that a payment has succeeded, by the payment's id."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.told: dict[str, float] = {}  # of the monotonic clock, which all processes share

    def answer(self, asked: Asked) -> Told | None:
        found = super().answer(asked)
        if asked.method == "GET" and found is not None and b"SUCCESSFUL" in found.body:
            self.told.setdefault(asked.path.rsplit("/", 1)[1], time.monotonic())
        return found


def main() -> None:
    with Timed(pace=STILL) as money:

        def where() -> Answer:
            """Return the environment of a deployment that MTN alone carries for."""
            return money.variables() | {"PAYMENTS_PROVIDERS": "mtn"}

        def pay() -> Answer:
            """Let the owners of all phones type their PIN; return the receipt of each phone."""
            money.advance(PAID_AFTER_SECONDS)
            with urlopen(f"{money.page}statements/mtn.csv") as answer:
                lines = csv.DictReader(io.StringIO(answer.read().decode()))
                return {"receipts": {line["From"]: line["Id"] for line in lines}}

        serve({"where": where, "pay": pay, "told": lambda: {"told": money.told}})


if __name__ == "__main__":
    main()
