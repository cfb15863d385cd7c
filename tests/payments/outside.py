"""The providers of a run, in a process of their own: the stub, and the books that it keeps.

Run as `python -m tests.payments.outside` with one JSON object, what `Outside` takes.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from hoardrun.demo.providers.money.server import Money
from hoardrun.demo.providers.money.statements import PROVIDERS, movements, statement
from tests.services.driven import Answer, serve


class Outside:
    """The stub. Its time passes `scale` times as fast as ours."""

    def __init__(self, *, scale: float, silence: float) -> None:
        self._money = Money(pace=1 / scale, silence=silence)
        self._money.__enter__()

    def close(self) -> None:
        self._money.__exit__(None, None, None)

    # -- commands

    def where(self) -> Answer:
        """Return the environment by which a deployment finds these providers."""
        return self._money.variables()

    def call(self, *, airtel: str, pawapay: str) -> Answer:
        """Set the URLs of those that call one for all payments."""
        self._money.airtel.account.callback_url = airtel
        self._money.pawapay.account.call_at(pawapay)
        return {}

    def books(self, *, folder: str) -> Answer:
        """Write down all payments with what each has moved."""
        processor = self._money.processor
        now, ours = processor.now(), list(processor.store.payments)
        moved: dict[int, list[list[str]]] = {id(each): [] for each in ours}
        for each in movements(ours, now):
            moved[id(each.payment)].append([f"{each.amount:f}", each.receipt])
        lines: list[dict[str, Any]] = [
            {
                "provider": each.provider,
                "kind": each.kind,
                "number": f"+{each.number}",
                "currency": each.currency,
                "stands": each.standing(now),
                "moved": moved[id(each)],
            }
            for each in ours
        ]
        Path(folder, "books.json").write_text(json.dumps(lines))
        return {}

    def statements(self, *, folder: str) -> Answer:
        """Write the statement of each provider that has one."""
        processor = self._money.processor
        for name in PROVIDERS:
            found = statement(name, processor.store.of(name), processor.now())
            Path(folder, f"statement-{name}.csv").write_bytes(found)
        return {"of": PROVIDERS}


def main() -> None:
    with closing(Outside(**json.loads(sys.argv[1]))) as outside:
        serve({name: getattr(outside, name) for name in ("where", "call", "books", "statements")})


if __name__ == "__main__":
    main()
