"""Directed scenes: what chance brings together too seldom for a short run.

Each drives the same cluster as a run by chance, and the same checker judges it.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from signal import SIGCONT, SIGSTOP
from typing import Any
from zoneinfo import ZoneInfo

from tests.centre.ledger import Ledger, lines
from tests.centre.world import Centre, Devices
from tests.faults import truth
from tests.services import web
from tests.services.ports import wait_until
from tests.services.process import Process

_NOW = "2026-03-02T12:05:00Z"
CONTEXTS: Mapping[str, dict[str, Any]] = {
    "transaction.credit": {
        "amount": {"amount": "1250000", "currency": "UGX"}, "happened_at": _NOW,
    },
    "transaction.failed": {
        "direction": "outbound", "happened_at": _NOW,
        "amount": {"amount": "1250000", "currency": "UGX"},
    },
    "security.pin_changed": {"happened_at": _NOW},
    "payment.due": {
        "amount": {"amount": "120000", "currency": "UGX"}, "payee": "Umeme Limited",
        "due_on": "2026-04-05",
    },
}  # fmt: skip
WAIT_SECONDS = 60.0


class Stage:
    """Acts on a cluster from outside, and writes down what it did as the load does."""

    def __init__(self, centre: Centre, devices: Sequence[Devices]) -> None:
        self.centre, self.devices = centre, devices
        self._log = Ledger(centre.folder / "load-scene.jsonl")
        self._outside = Ledger(centre.folder / "outside.jsonl")
        self._numbers = itertools.count(1)
        server = centre.nodes[0].server
        assert server is not None
        self._url = server.url

    def person(self, *channels: str, plain: bool = True, place: int | None = None) -> Any:
        """Return a user with these channels; `place` is that of the device, by its remainder."""
        for number, one in enumerate(self.centre.people[: self.centre.plan.devices]):
            has = {each["channel"] for each in one["addresses"]}
            fits = one["plain"] == plain and has.issuperset(channels)
            if fits and (place is None or number % 9 == place):
                return one
        raise ValueError("nobody fits: choose another seed")

    def send(self, person: Any, kind: str) -> int:
        """Commit a notification, as staff; return its id."""
        number = f"scene-{next(self._numbers)}"
        self.query(f"INSERT INTO centre_money VALUES ('{number}', {person['id']})")
        self._log.note("begin", number, person["id"], kind, None)
        body: dict[str, Any] = {"user_id": person["id"], "kind": kind, "key": number}
        if kind in CONTEXTS:
            body["context"] = CONTEXTS[kind]
        else:
            body |= {"title": f"News {number}", "message": "There is something new."}
        found = int(self.request("POST", "/api/v1/notifications", body, self.centre.staff)["id"])
        self._log.note("end", number, "ok", found)
        return found

    def wish(self, person: Any, **wish: Any) -> None:
        """Let a user change what is chosen."""
        self._log.note("changing", person["id"], "wish", wish)
        self.request("PATCH", "/api/v1/preferences", wish, person["token"], {"If-Match": "*"})
        self._log.note("changed", person["id"], "wish", wish)

    def register(self, person: Any) -> None:
        """Let a browser post its subscription again, as at each start."""
        one = next(each for each in person["addresses"] if each["channel"] == "push")
        keys = {name: one["keys"][name] for name in ("p256dh", "auth")}
        body = {"service": "web", "endpoint": one["value"], "keys": keys}
        body |= {"key_id": one["keys"]["vapid"], "device": one["device"]}
        self.request("POST", "/api/v1/push/subscriptions", body, person["token"])
        self._outside.note("registered", "webpush", one["value"])

    def request(
        self, method: str, path: str, body: object, token: str,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        answer = web.request(method, self._url + path, json=body, token=token, headers=headers)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer}")
        return answer.json()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database, or tell it."""
        with truth.connected(self.centre.database_url) as query:
            found = query(statement)
            if getattr(found, "description", None):
                return list(found.fetchall())
            return []

    def until(self, statement: str, what: str) -> list[tuple[Any, ...]]:
        """Wait until a query has an answer; return it."""
        found: list[tuple[Any, ...]] = []

        def is_there() -> bool:
            found[:] = self.query(statement)
            return bool(found)

        wait_until(is_there, seconds=WAIT_SECONDS, what=what)
        return found

    def until_held(self, count: int = 1) -> None:
        """Wait until a provider holds this number of calls."""

        def held() -> bool:
            found = list(lines(self.centre.folder, "outside.jsonl"))
            return [line[0] for line in found].count("held") >= count

        wait_until(held, seconds=WAIT_SECONDS, what="a provider holds a call")

    def mute(self, person: Any) -> None:
        """Let the devices of a user acknowledge nothing any more."""
        for each in self.devices:
            each.ask("mute", users=[person["id"]])


def queue(centre: Centre, devices: Sequence[Devices]) -> None:
    """Let users see what is queued already, before anybody sends it."""
    stage = Stage(centre, devices)
    person = stage.person("push", place=2)  # its desktop says that nobody is there
    judging = Process(
        [sys.executable, "manage.py", "deliver", "--channels", "email"],
        log=centre.folder / "worker-judging.log",
        env=centre.env,
        may_fork=True,
    )
    sent = [stage.send(person, "transaction.credit") for _ in range(3)]
    chosen = ", ".join(map(str, sent))
    stage.until(
        "SELECT 1 FROM notifications_delivery WHERE state = 'queued' AND channel = 'push' "
        f"AND notification_id IN ({chosen}) HAVING count(*) = 3",
        "push messages are queued",
    )
    judging.stop()
    for each in devices:
        each.ask("see", users=[person["id"]], notifications=sent)
    centre.hire()


def freeze(centre: Centre, devices: Sequence[Devices]) -> None:
    """Stop a worker in the middle of a call until another has taken its message over."""
    stage = Stage(centre, devices)
    person = stage.person("push", "sms")
    centre.outside.ask("then", provider="webpush", how=["hold_later"])
    sent = stage.send(person, "security.pin_changed")
    stage.until_held()
    of_push = f"notifications_delivery WHERE notification_id = {sent} AND channel = 'push'"
    [(worker,)] = stage.until(f"SELECT worker FROM {of_push} AND state = 'sending'", "it is sent")
    process = centre.worker_of(int(worker.split(":")[1]))
    assert process is not None
    process.signal(SIGSTOP)
    centre.outside.ask("release")
    stage.until(f"SELECT 1 FROM {of_push} AND state IN ('accepted', 'delivered')", "it is taken")
    process.signal(SIGCONT)
    time.sleep(2)  # so that what it writes is followed by others


def lost(centre: Centre, devices: Sequence[Devices]) -> None:
    """Let a push be taken without an answer, and be seen before it could be sent once more."""
    stage = Stage(centre, devices)
    person = stage.person("push", place=2)
    centre.outside.ask("then", provider="webpush", how=["hold_lost"])
    sent = stage.send(person, "transaction.credit")
    stage.until_held()
    for each in devices:
        each.ask("see", users=[person["id"]], notifications=[sent])
    centre.outside.ask("release")
    stage.until(
        f"SELECT 1 FROM notifications_delivery WHERE notification_id = {sent} "
        "AND channel = 'push' AND state NOT IN ('queued', 'sending', 'unknown')",
        "the push has ended",
    )


def restore(centre: Centre, devices: Sequence[Devices]) -> None:
    """Restore a user's stream from a backup that is older than what a phone has acknowledged."""
    stage = Stage(centre, devices)
    person = stage.person("push", "sms", place=6)  # a phone that acknowledges at once
    for _ in range(5):
        stage.send(person, "system.general")
    stream = f"user:{person['id']}"
    acked = (
        "SELECT 1 FROM realtime_cursor c JOIN realtime_stream s ON s.id = c.stream_id "
        f"WHERE s.name = '{stream}' AND c.acked >= 5 AND c.acked = s.head"
    )
    stage.until(acked, "the phone has acknowledged")
    stage.mute(person)
    stage.query(
        'DELETE FROM realtime_event WHERE "offset" > 1 AND stream_id = '
        f"(SELECT id FROM realtime_stream WHERE name = '{stream}')"
    )
    stage.query(f"UPDATE realtime_stream SET head = 1 WHERE name = '{stream}'")
    centre.manage("bump_epoch", "--all")
    stage.send(person, "transaction.failed")


def reregister(centre: Centre, devices: Sequence[Devices]) -> None:
    """Let a browser register again while its push service still answers that it is gone."""
    stage = Stage(centre, devices)
    person = stage.person("push")
    centre.outside.ask("then", provider="webpush", how=["hold_gone"])
    sent = stage.send(person, "security.pin_changed")
    stage.until_held()
    stage.register(person)
    centre.outside.ask("release")
    stage.until(
        f"SELECT 1 FROM notifications_delivery WHERE notification_id = {sent} "
        "AND channel = 'push' AND state = 'failed'",
        "the push has failed",
    )
    stage.send(person, "security.pin_changed")


def volley(centre: Centre, devices: Sequence[Devices]) -> None:
    """Hold back more than a volley in a quiet time, and let it go at its end."""
    stage = Stage(centre, devices)
    person = stage.person("push", plain=False)
    now = datetime.now(UTC).astimezone(ZoneInfo(person["zone"]))
    end = now + timedelta(seconds=75)
    window = {"days": 127, "start": f"{now - timedelta(minutes=2):%H:%M}", "end": f"{end:%H:%M}"}
    stage.wish(person, quiet=[window])
    time.sleep(1.5)  # the checker is sure of a wish after a second
    for _ in range(6):
        stage.send(person, "payment.due")
        time.sleep(0.5)


def wish(centre: Centre, devices: Sequence[Devices]) -> None:
    """Let a user switch a channel off while a rung waits."""
    stage = Stage(centre, devices)
    person = stage.person("push", plain=False, place=2)
    for _ in range(3):
        stage.send(person, "transaction.credit")
    stage.wish(person, cells={"category:transaction": {"push": False}})


def stop(centre: Centre, devices: Sequence[Devices]) -> None:
    """Let a number say STOP to its provider, and go on to notify its owner."""
    stage = Stage(centre, devices)
    person = stage.person("sms")
    [number] = [each["value"] for each in person["addresses"] if each["channel"] == "sms"]
    centre.outside.ask("block", number=number)
    sent = stage.send(person, "security.pin_changed")
    stage.until(
        f"SELECT 1 FROM notifications_delivery WHERE notification_id = {sent} "
        "AND channel = 'sms' AND state = 'failed'",
        "the number is refused",
    )
    time.sleep(6.5)  # the checker is sure of a suppression after six seconds
    stage.send(person, "security.pin_changed")


SCENES: Mapping[str, Callable[[Centre, Sequence[Devices]], None]] = {
    "queue": queue,
    "freeze": freeze,
    "lost": lost,
    "restore": restore,
    "reregister": reregister,
    "volley": volley,
    "wish": wish,
    "stop": stop,
}
