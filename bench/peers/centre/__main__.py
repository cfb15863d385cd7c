"""Do what the scenario `notify` asks for, as `tests.services.driven` describes."""

from __future__ import annotations

import django

from tests.services.driven import serve

django.setup()

from bench.peers.centre import ladders, mailing, pushes, unread, why  # noqa: E402
from realtime.garbage import collect_seldom  # noqa: E402

ladders.register()
pushes.allow_loopback()
collect_seldom()  # as a worker does
serve(
    {
        "fill_ladders": ladders.fill,
        "judge": ladders.judge_all,
        "ack": ladders.ack,
        "forget_ladders": ladders.forget,
        "fill_pushes": pushes.fill,
        "push": pushes.send_all,
        "push_parts": pushes.parts,
        "fill_users": mailing.fill,
        "mail": mailing.send_to_all,
        "fill_deliveries": why.fill,
        "ask_why": why.ask,
        "fill_unread": unread.fill,
        "ask_unread": unread.ask,
    }
)
