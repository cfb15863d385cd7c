"""MTN, by the stub of the demo, whose time stands still until all is paid.

Run as `python -m bench.peers.money.provider`, and driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import csv
import io
from urllib.request import urlopen

from hoardrun.demo.providers.money.server import STILL, Money
from tests.services.driven import Answer, serve

PAID_AFTER_SECONDS = 5  # more than a payment of these numbers takes


def main() -> None:
    with Money(pace=STILL) as money:

        def where() -> Answer:
            """Return the environment of a deployment that MTN alone carries for."""
            return money.variables() | {"PAYMENTS_PROVIDERS": "mtn"}

        def pay() -> Answer:
            """Let the owners of all phones type their PIN; return the receipt of each phone."""
            money.advance(PAID_AFTER_SECONDS)
            with urlopen(f"{money.page}statements/mtn.csv") as answer:
                lines = csv.DictReader(io.StringIO(answer.read().decode()))
                return {"receipts": {line["From"]: line["Id"] for line in lines}}

        serve({"where": where, "pay": pay})


if __name__ == "__main__":
    main()
