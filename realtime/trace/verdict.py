"""Why a device got an event late, or not at all: one code, and a sentence. Pure.

The code names the first thing that kept the event from being in time; where a later socket passed
it over for good, it names that. `reach` says whether the device has it by now. A verdict that the
evidence does not prove is `unknown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from realtime.core.transport import LOST
from realtime.protocol.codes import CloseCode
from realtime.trace.evidence import JUST, Device, Happened, Late, Life
from realtime.trace.fate import Fate, fate
from realtime.trace.moments import spoken

Code = Literal[
    "delivered", "slow_reader", "node_frozen", "wakeup_lost", "waiting", "token_ended", "filtered",
    "epoch", "floor", "unknown", "not_connected",
]  # fmt: skip
Reach = Literal["acked", "written", "unknown", "no"]  # from the surest

WAIT = timedelta(seconds=5)  # in which an event may be under way
# A node reports every two seconds: it may have fallen silent that long after its last report.
REPORT = timedelta(seconds=3)
HELD_SECONDS = 2.0
FORGOTTEN = timedelta(minutes=10)  # after that a client has found out that its node is gone
TOLD = "The snapshot that it took then shows what has become of it."


class Verdict(Struct, frozen=True, kw_only=True):
    """The answer for one device, or for the user."""

    code: Code
    reach: Reach
    text: str


def verdict(event: Happened, device: Device, delays: Sequence[Late], now: datetime) -> Verdict:
    """Judge what became of an event on one device."""
    found = [(life, fate(event, life)) for life in device.lives]
    is_acked = _is_acked(event, device, found)
    first: Verdict | None = None  # what kept it from being in time
    last: Verdict | None = None  # what passed it over
    for number, (life, what) in enumerate(found):
        # Sent once more later, it was that sending which was acknowledged, or it may have been.
        again = any(later.what == "replayed" for _, later in found[number + 1 :])
        acked_here = (life.acked or 0) >= event.offset if again else is_acked
        said = _judge(event, device, life, what, delays, now, is_acked=acked_here)
        if said is None or (said.code == "node_frozen" and _had_moved(event, device, life)):
            continue
        if what.what in {"filtered", "passed"}:
            last = said
        elif said.reach not in {"acked", "written"}:
            if what.what == "replayed":
                said = _arrived(said, first or _absent(event, device, before=life))
            first = said if first is None or what.what == "replayed" else _surer(first, said)
        elif what.what == "replayed":
            return _arrived(said, first or _absent(event, device, before=life))
        elif not again:
            return said
        else:
            first = first or (None if said.code == "delivered" else said)
    if last is not None:
        return last
    if is_acked and (first is None or first.code != "unknown"):
        text = f"The device has acknowledged it, no later than {spoken(device.acked_at)}."
        code = "delivered" if first is None or first.code == "waiting" else first.code
        return Verdict(code=code, reach="acked", text=_joined(first, text))
    return first or _absent(event, device)


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """Judge for the user: by the device that got it best, or whose reason says most."""
    if not verdicts:
        text = "No device of the user has been seen in the last 14 days."
        return Verdict(code="not_connected", reach="no", text=text)
    return min(verdicts, key=lambda one: (one.reach in {"no", "unknown"}, _ORDER[one.code]))


_ORDER = {code: number for number, code in enumerate(Code.__args__)}  # type: ignore[attr-defined]


def _is_acked(event: Happened, device: Device, found: Sequence[tuple[Life, Fate]]) -> bool:
    """Say whether an acknowledgement means this event, and no later beginning."""
    acked = max([device.acked or 0, *(life.acked or 0 for life, _ in found)])
    had = (_may_have(event, life, what) for life, what in found)
    return acked >= event.offset and (not found or any(had))


def _may_have(event: Happened, life: Life, what: Fate) -> bool:
    """Say whether an event may have been written to a socket."""
    if what.what == "hidden":
        then = event.committed_at
        return then is None or life.closed_at is None or life.closed_at > then - REPORT
    return what.what in {"written", "replayed"}


def _had_moved(event: Happened, device: Device, life: Life) -> bool:
    """Say whether a device had a later socket already, when the event was committed."""
    then = event.committed_at
    return then is not None and any(
        life.opened_at < other.opened_at <= then for other in device.lives if other is not life
    )


def _judge(
    event: Happened,
    device: Device,
    life: Life,
    what: Fate,
    delays: Sequence[Late],
    now: datetime,
    *,
    is_acked: bool,
) -> Verdict | None:
    """Say what one socket means for the event; None: nothing."""
    match what.what:
        case "written" | "replayed":
            return _written(event, device, life, what, delays, now, is_acked=is_acked)
        case "filtered":
            types = ", ".join(what.note.types) if what.note else ""
            text = f"Its filter let only {types} through, and the event is {event.filter_type}."
            return Verdict(code="filtered", reach="no", text=text)
        case "passed":
            return _passed(life, what)
        case "behind":
            return None
        case "not_yet" | "hidden":
            return _missing(event, life, what, delays, now, is_acked=is_acked)


def _written(
    event: Happened,
    device: Device,
    life: Life,
    what: Fate,
    delays: Sequence[Late],
    now: datetime,
    *,
    is_acked: bool,
) -> Verdict:
    if what.what == "replayed":
        how = f"It was sent when the device came back at {spoken(life.opened_at)}"
        code: Code = "not_connected"
    else:
        code, how = _in_time(event, life, delays)
    if is_acked:
        return Verdict(code=code, reach="acked", text=f"{how}, and the device acknowledged it.")
    if life.code == CloseCode.SLOW_CONSUMER or _is_held(life):
        since = "is not reading now" if life.is_open else f"was closed for that at {_end(life)}"
        text = f"The client reads too slowly: it {since}, and the event waited for it."
        return Verdict(code="slow_reader", reach="unknown", text=text)
    if (lost := life.lost_at()) is not None:
        return _frozen(lost)
    if life.is_open:
        if (life.unanswered_seconds or 0) > WAIT.total_seconds():
            text = f"{how}, but the client has not answered a ping since then."
            return Verdict(code="unknown", reach="unknown", text=text)
        return _unacked(event, device, code, how, now - (event.committed_at or life.opened_at))
    assert life.closed_at is not None
    if life.code == CloseCode.TIMEOUT:
        text = f"Its connection was dead already: it was closed at {_end(life)} without an answer."
        return Verdict(code="not_connected", reach="unknown", text=text)
    if life.code == LOST or life.queued:
        text = f"{how}; the connection broke at {_end(life)}, and nothing says whether it arrived."
        return Verdict(code="unknown", reach="unknown", text=text)
    return _unacked(
        event, device, code, how, life.closed_at - (event.committed_at or life.opened_at)
    )


def _unacked(event: Happened, device: Device, code: Code, how: str, watched: timedelta) -> Verdict:
    """Judge an event that was written and not acknowledged in the time that it was watched.

    A device that acknowledges at other times has not read it; of others the writing must do.
    """
    text = f"{how}; the device has not acknowledged it."
    if device.has_acked or watched < WAIT:
        return Verdict(code="unknown" if code == "delivered" else code, reach="unknown", text=text)
    return Verdict(code=code, reach="written", text=text)


def _is_held(life: Life) -> bool:
    """Say whether a client reads too slowly now, and not just for a moment."""
    return life.held_seconds is not None and life.held_seconds >= HELD_SECONDS


def _in_time(event: Happened, life: Life, delays: Sequence[Late]) -> tuple[Code, str]:
    """Say whether the event came as soon as it was committed."""
    late = [one for one in delays if one.covers(event, life.node)]
    for one in late:
        if one.kind == "frozen":
            seconds = (one.ended_at - one.began_at).total_seconds()
            return "node_frozen", (
                f"Its node stood still for {seconds:.0f} s from {spoken(one.began_at)} on: "
                "the event was sent after that"
            )
    for one in late:
        return "wakeup_lost", (
            "The wake-up was lost: its node found the event itself, "
            f"no later than {spoken(one.ended_at)}, and sent it then"
        )
    if any(one.may_cover(event, life.node) for one in delays):
        return "delivered", "It was sent, maybe late: its node had lost many wake-ups"
    return "delivered", "It was sent at once"


def _passed(life: Life, what: Fate) -> Verdict:
    note = what.note
    assert note is not None
    if note.reason == "trimmed":
        text = f"The device came back after the log was trimmed beyond {note.before:,}. {TOLD}"
        return Verdict(code="floor", reach="no", text=text)
    text = (
        f"The stream began a new epoch: the device was put from {note.before:,} to {note.to:,}. "
        f"{TOLD}"
    )
    return Verdict(code="epoch", reach="no", text=text)


def _missing(
    event: Happened,
    life: Life,
    what: Fate,
    delays: Sequence[Late],
    now: datetime,
    *,
    is_acked: bool,
) -> Verdict | None:
    """Judge a socket to which the event was not written, or of which nobody says."""
    then = event.committed_at
    if then is None or then < life.opened_at - JUST:
        return None if then is None else _replaying(life, what, then, now)
    if life.closed_at is not None and life.closed_at < then:
        lost = life.lost_at()
        return _frozen(lost) if lost is not None and then < lost + FORGOTTEN else None
    if (lost := life.lost_at()) is not None:
        return _frozen(lost) if then > lost - REPORT else _unknown("Its node fell silent")
    if what.what == "hidden":
        if is_acked:
            return _acked_unseen(event, life, delays)
        if life.is_open and now - then < WAIT:
            return _waiting(now - then)
        return _unknown("Nothing says how far this socket was")
    code, how = _in_time(event, life, delays)
    if life.code == CloseCode.SLOW_CONSUMER or _is_held(life):
        since = "is not reading now" if life.is_open else f"was closed for that at {_end(life)}"
        text = f"The client reads too slowly: it {since}, before it came to the event."
        return Verdict(code="slow_reader", reach="no", text=text)
    if code != "delivered":
        text = f"{how.partition(':')[0]}; the socket ended at {_end(life)} before the event."
        return Verdict(code=code, reach="no", text=text)
    if not life.is_open:
        assert life.closed_at is not None
        if life.closed_at - then < WAIT:
            text = f"The connection closed at {_end(life)}, just as the event was committed."
            return Verdict(code="not_connected", reach="no", text=text)
        return _unknown("The socket was open, and was not sent it")
    if now - then < WAIT:
        return _waiting(now - then)
    text = "The wake-up was lost, and its node has not found the event yet; it looks regularly."
    return Verdict(code="wakeup_lost", reach="no", text=text)


def _acked_unseen(event: Happened, life: Life, delays: Sequence[Late]) -> Verdict:
    """Judge an event that was acknowledged, on a socket of which nobody says what it was sent."""
    if event.filter_type:
        return _unknown("It acknowledged later events, and nobody says what its filter holds back")
    code, how = _in_time(event, life, delays)
    return Verdict(code=code, reach="acked", text=f"{how}, and the device acknowledged it.")


def _replaying(life: Life, what: Fate, then: datetime, now: datetime) -> Verdict | None:
    """Judge a socket that opened after the event and has not come to it."""
    if what.what == "hidden" or not life.is_open:
        return None
    text = "The device came back after it, and is being sent what it missed."
    return Verdict(code="waiting", reach="no", text=text) if life.opened_at > now - WAIT else None


def _absent(event: Happened, device: Device, before: Life | None = None) -> Verdict:
    """Say why a device was not connected when the event was committed."""
    then = event.committed_at
    earlier = [
        life
        for life in device.lives
        if life is not before
        and life.closed_at is not None
        and (then is None or life.closed_at <= then + JUST)
    ]
    if not earlier:
        later = [
            life
            for life in device.lives
            if life is not before and (then is None or life.opened_at > then)
        ]
        since = f" It has first connected at {spoken(later[0].opened_at)}." if later else ""
        text = f"The device was not connected when the event was committed.{since}"
        return Verdict(code="not_connected", reach="no", text=text)
    left = max(earlier, key=lambda life: life.closed_at or life.opened_at)
    if left.code in {CloseCode.UNAUTHORIZED, CloseCode.REVOKED}:
        text = f"Its login had ended: the socket was closed with {left.code} at {_end(left)}."
        return Verdict(code="token_ended", reach="no", text=text)
    text = f"The device was not connected: it left at {_end(left)} with code {left.code}."
    return Verdict(code="not_connected", reach="no", text=text)


def _arrived(said: Verdict, first: Verdict | None) -> Verdict:
    """Return a verdict of an event that came, with what kept it from being in time."""
    if first is None or first.code in {"unknown", "waiting"}:
        return said
    return replace(said, code=first.code, text=_joined(first, said.text))


def _surer(first: Verdict, later: Verdict) -> Verdict:
    """Return what kept an event from being in time, with what a later socket says of it."""
    if first.reach == "no" and later.reach == "unknown":
        return replace(first, reach="unknown", text=_joined(first, later.text))
    return first


def _joined(first: Verdict | None, text: str) -> str:
    return text if first is None else f"{first.text} {text}"


def _frozen(lost: datetime) -> Verdict:
    text = f"Its node has said nothing since {spoken(lost)}: it stands still, or has died."
    return Verdict(code="node_frozen", reach="no", text=text)


def _waiting(age: timedelta) -> Verdict:
    text = f"It was committed {age.total_seconds():.1f} s ago, and is under way."
    return Verdict(code="waiting", reach="no", text=text)


def _unknown(why: str) -> Verdict:
    return Verdict(code="unknown", reach="unknown", text=f"{why}.")


def _end(life: Life) -> str:
    return spoken(life.closed_at)
