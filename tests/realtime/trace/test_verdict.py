"""The verdict, by a table: what is known of a device's sockets, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from realtime.core.notes import Note
from realtime.trace.evidence import Device, Happened, Late, Life
from realtime.trace.verdict import Verdict, overall, verdict

THEN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
NOW = THEN + timedelta(minutes=30)
S = "user:17"
EVENT = Happened(stream=S, offset=50, filter_type="balance", committed_at=THEN)
TRIMMED = Happened(stream=S, offset=50)


def at(seconds: float) -> datetime:
    return THEN + timedelta(seconds=seconds)


def live(before: int = 40) -> Note:
    return Note(kind="live", stream=S, before=before)


def replayed(before: int, to: int) -> Note:
    return Note(kind="replayed", stream=S, before=before, to=to)


def anew(reason: str, before: int, to: int) -> Note:
    return Note(kind="anew", stream=S, before=before, to=to, reason=reason)


def life(opened: float, closed: float | None = None, *notes: Note, **more: Any) -> Life:
    return Life(
        connection_id=f"{opened}",
        node=more.pop("node", "a"),
        opened_at=at(opened),
        closed_at=None if closed is None else at(closed),
        code=more.pop("code", None if closed is None else 1001),
        notes=notes,
        **more,
    )


def only(*types: str, before: int = 40) -> Note:
    return Note(kind="filter", stream=S, before=before, types=types)


LOST = Late(node="a", kind="lost", stream=S, first=50, last=51, began_at=at(8), ended_at=at(8))
MORE_LOST = Late(node="a", kind="lost", began_at=at(8), ended_at=at(8))
FROZEN = Late(node="a", kind="frozen", began_at=at(-3), ended_at=at(20))
ELSEWHERE = Late(node="b", kind="frozen", began_at=at(-3), ended_at=at(20))
AGO = -600.0
SILENT = Note(kind="silent")

# What it is about; lives, cursor, delays; the code, and whether the device has it.
CASES: dict[str, tuple[Sequence[Life], int | None, Sequence[Late], str, str]] = {
    "acknowledged by an open socket": (
        [life(AGO, None, live(), written=50, acked=50)], 50, [], "delivered", "acked",
    ),
    "written to a client that never acknowledges": (
        [life(AGO, None, live(), written=50)], None, [], "delivered", "written",
    ),
    "written to a client that acknowledges at other times": (
        [life(AGO, None, live(), written=50, acked=45)], 45, [], "unknown", "unknown",
    ),
    "away, and not back": ([life(AGO, -60, live(), written=49)], 49, [], "not_connected", "no"),
    "away, and replayed": (
        [life(AGO, -60, live(), written=49), life(60, None, replayed(49, 52), written=52)],
        52, [], "not_connected", "acked",
    ),
    "never connected": ([], None, [], "not_connected", "no"),
    "first connected later": (
        [life(60, None, live(55), written=55)], 55, [], "not_connected", "no",
    ),
    "left as it was committed": (
        [life(AGO, 0.005, live(), written=49, code=1000)], 49, [], "not_connected", "no",
    ),
    "written as the client left": (
        [life(AGO, 0.005, live(), written=50, code=1006)], 49, [], "unknown", "unknown",
    ),
    "a dead connection": (
        [life(AGO, 70, live(), written=50, code=4408)], 49, [], "not_connected", "unknown",
    ),
    "a slow reader, closed before it came to it": (
        [life(AGO, 40, live(), written=45, code=4503)], 44, [], "slow_reader", "no",
    ),
    "a slow reader, closed with it in the queue": (
        [life(AGO, 40, live(), written=60, code=4503, queued=9)], 44, [], "slow_reader", "unknown",
    ),
    "a slow reader, closed after it had read that": (
        [life(AGO, 40, live(), written=60, acked=55, code=4503)], 55, [], "delivered", "acked",
    ),
    "a slow reader that still does not read": (
        [life(AGO, None, live(), written=45, held_seconds=9)], 44, [], "slow_reader", "no",
    ),
    "a slow reader that came back": (
        [
            life(AGO, 40, live(), written=60, code=4503),
            life(50, None, replayed(44, 60), written=60),
        ],
        60, [], "slow_reader", "acked",
    ),
    "filtered from the login on": (
        [life(AGO, None, live(), only("price"), written=52)], 52, [], "filtered", "no",
    ),
    "filtered by a command, and gone": (
        [life(AGO, 60, live(), only("price", before=49), only(before=51), written=52)],
        52, [], "filtered", "no",
    ),
    "a filter that was set after it": (
        [life(AGO, None, live(), only("price", before=50), written=52)], 52, [],
        "delivered", "acked",
    ),
    "a filter that lets it through": (
        [life(AGO, None, live(), only("balance"), written=52)], 52, [], "delivered", "acked",
    ),
    "token ended": (
        [life(AGO, -5, live(), written=49, code=4401)], 49, [], "token_ended", "no",
    ),
    "token ended, and renewed later": (
        [
            life(AGO, -5, live(), written=49, code=4401),
            life(60, None, replayed(49, 52), written=52),
        ],
        52, [], "token_ended", "acked",
    ),
    "a new epoch at the login": (
        [life(AGO, -60, live(), written=49), life(60, None, anew("epoch", 49, 60), written=60)],
        60, [], "epoch", "no",
    ),
    "a new epoch while it was connected": (
        [
            life(
                AGO, None, live(),
                Note(kind="resync", stream=S, before=49, to=60, reason="epoch"), written=60,
            )
        ],
        60, [], "epoch", "no",
    ),
    "a new epoch after it": (
        [
            life(
                AGO, None, live(),
                Note(kind="resync", stream=S, before=55, to=60, reason="epoch"), written=60,
            )
        ],
        55, [], "delivered", "acked",
    ),
    "trimmed before the device came back": (
        [life(AGO, -60, live(), written=44), life(60, None, anew("trimmed", 44, 60), written=60)],
        60, [], "floor", "no",
    ),
    "trimmed only up to what the device had": (
        [
            life(AGO, 60, live(), written=52, acked=52),
            life(90, None, anew("trimmed", 52, 60), written=60),
        ],
        60, [], "delivered", "acked",
    ),
    "a lost wake-up": (
        [life(AGO, None, live(), written=51)], 51, [LOST], "wakeup_lost", "acked",
    ),
    "a wake-up that another node lost": (
        [life(AGO, None, live(), written=51, node="c")], 51, [LOST, ELSEWHERE],
        "delivered", "acked",
    ),
    "a lost wake-up of what is not acknowledged yet": (
        [life(AGO, None, live(), written=51, acked=49)], 49, [LOST], "wakeup_lost", "unknown",
    ),
    "a slow reader that is back and has not acknowledged": (
        [
            life(AGO, 40, live(), written=45, code=4503),
            life(50, None, replayed(44, 60), written=60),
        ],
        44, [], "slow_reader", "unknown",
    ),
    "a client that does not read for a moment": (
        [life(AGO, None, live(), written=51, held_seconds=0.5)], 49, [], "unknown", "unknown",
    ),
    "a lost wake-up, not found yet": (
        [life(AGO, None, live(), written=49)], 49, [], "wakeup_lost", "no",
    ),
    "a node that stood still": (
        [life(AGO, None, live(), written=51)], 51, [LOST, FROZEN], "node_frozen", "acked",
    ),
    "a node that stands still": (
        [life(AGO, silent_since=at(-1))], 49, [], "node_frozen", "no",
    ),
    "a node that died after it": (
        [life(AGO, silent_since=at(60))], 49, [], "unknown", "unknown",
    ),
    "a node that died, and the device is elsewhere": (
        [life(AGO, silent_since=at(-1)), life(40, None, replayed(49, 52), written=52, node="b")],
        52, [], "node_frozen", "acked",
    ),
    "a node that had died before, and the device was elsewhere": (
        [life(AGO, silent_since=at(-100)), life(-50, None, live(), written=52, node="b")],
        52, [], "delivered", "acked",
    ),
    "a node that had died before, and the device was elsewhere and left": (
        [life(AGO, -200, SILENT), life(-150, -60, live(), written=49, node="b")],
        49, [], "not_connected", "no",
    ),
    "a node that died and was forgotten": (
        [life(AGO, -2, SILENT, code=1006)], 49, [], "node_frozen", "no",
    ),
    "a node that does not answer": ([life(AGO)], 49, [], "unknown", "unknown"),
    "notes that are not whole": (
        [life(AGO, None, Note(kind="forgotten"), written=60)], 49, [], "unknown", "unknown",
    ),
    "a filter that nobody can tell": ([life(AGO)], 50, [], "unknown", "unknown"),
    "a cursor alone, of long ago": ([], 60, [], "delivered", "acked"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_verdict(name: str) -> None:
    lives, cursor, delays, code, reach = CASES[name]
    said = verdict(EVENT, Device(name="phone", lives=lives, acked=cursor), delays, NOW)
    assert (said.code, said.reach) == (code, reach), said.text
    assert said.text.endswith(".")


@pytest.mark.parametrize(
    ("late", "is_sure"),
    [
        (MORE_LOST, False),
        (msgspec.structs.replace(MORE_LOST, node="b"), True),
        (msgspec.structs.replace(MORE_LOST, ended_at=at(-1)), True),
        (msgspec.structs.replace(MORE_LOST, began_at=at(90), ended_at=at(99)), True),
    ],
)
def test_of_more_lost_wake_ups_than_are_kept_any_may_be_the_events(
    late: Late, is_sure: bool
) -> None:
    phone = Device(name="phone", lives=[life(AGO, None, live(), written=50)], acked=50)
    said = verdict(EVENT, phone, [late], NOW)
    assert (said.code, said.reach) == ("delivered", "acked")
    assert said.text.startswith("It was sent at once" if is_sure else "It was sent, maybe late")


def test_an_event_that_was_just_committed_is_under_way() -> None:
    phone = Device(name="phone", lives=[life(AGO, None, live(), written=49)], acked=49)
    said = verdict(EVENT, phone, [], at(1))
    assert (said.code, said.reach) == ("waiting", "no")


@pytest.mark.parametrize(
    ("lives", "code"),
    [
        ([life(AGO, -60, live(), written=44), life(60, None, anew("trimmed", 44, 60), written=60)],
         "floor"),
        ([life(AGO, 60, live(), written=52, acked=52)], "delivered"),
        ([life(AGO, 60, live(), written=44, acked=44)], "not_connected"),
    ],
)  # fmt: skip
def test_an_event_whose_row_is_trimmed_is_judged_by_its_offset(
    lives: Sequence[Life], code: str
) -> None:
    acked = max(one.acked or 0 for one in lives) or None
    assert verdict(TRIMMED, Device(name="phone", lives=lives, acked=acked), [], NOW).code == code


def test_the_user_has_it_where_one_device_has_it() -> None:
    away = Verdict(code="not_connected", reach="no", text="Away.")
    slow = Verdict(code="slow_reader", reach="no", text="Slow.")
    late = Verdict(code="wakeup_lost", reach="acked", text="Late.")
    there = Verdict(code="delivered", reach="written", text="There.")
    assert overall([away, slow, late, there]) is there
    assert overall([away, slow, late]) is late
    assert overall([away, slow]) is slow
    assert overall([]).code == "not_connected"
