"""Do what the scenario `market` asks for, as `tests.services.driven` describes."""

from __future__ import annotations

import django

from tests.services.driven import serve

django.setup()

from bench.peers.market import rows  # noqa: E402

serve(
    {
        "list": rows.instruments,
        "fill": rows.fill,
        "wait_for": rows.wait_for,
        "forget": rows.forget,
        "load": rows.load,
        "idle": rows.idle,
        "traded": rows.traded,
    }
)
