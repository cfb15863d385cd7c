"""The faults of a run: links of workers here; workers, nodes and stores as `tests.faults` does.

And what owners of addresses and mail servers say meanwhile, which breaks nothing: see WORDS.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.centre.world import Centre
from tests.faults import truth
from tests.faults.nemeses import NEMESES as OF_FAULTS
from tests.faults.nemeses import Scene
from tests.faults.proxy import Proxy
from tests.faults.workers import WORKERS
from tests.services.ports import wait_until

_ON_SQLITE = ("node-kill", "node-restart", "node-freeze", "link-reset", "producer-kill")
_ON_POSTGRES = (
    "redis-kill", "redis-restart", "redis-freeze", "redis-flushall", "postgres-kill",
    "postgres-restart", "postgres-terminate", "link-delay", "link-refuse", "link-half-open",
    "link-black-hole",
)  # fmt: skip
BREAKERS_SECONDS = 90.0  # a breaker that has opened again rests for longer each time
RECENT = 50  # e-mails of which one bounces


def _centre(scene: Scene) -> Centre:
    assert isinstance(scene.cluster, Centre)
    return scene.cluster


def _slow(proxy: Proxy, rng: random.Random) -> None:
    proxy.delay = rng.choice((0.05, 0.3, 1.0))


HARMS: tuple[Callable[[Proxy, random.Random], object], ...] = (
    _slow,
    lambda proxy, rng: proxy.reset_all(),
    lambda proxy, rng: proxy.half_open(),
    lambda proxy, rng: proxy.black_hole(),
    lambda proxy, rng: proxy.refuse(),
)


def harm_provider(scene: Scene) -> None:
    """Harm the link between the workers and a provider, until calls go through again."""
    centre = _centre(scene)
    proxy = centre.providers[scene.rng.choice(sorted(centre.providers))]
    scene.rng.choice(HARMS)(proxy, scene.rng)
    scene.hold(1, 4)
    proxy.heal()
    wait_until(lambda: not _resting(centre), seconds=BREAKERS_SECONDS, what="breakers close")


def _resting(centre: Centre) -> bool:
    """Say whether the breaker of a provider lets no call through."""
    now = "now()" if centre.store == "postgres" else "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    with truth.connected(centre.database_url) as query:
        [[count]] = query(f"SELECT count(*) FROM realtime_host WHERE opened_until > {now}")
    return bool(count)


def harm_delivering(scene: Scene) -> None:
    """Harm the link between some workers and PostgreSQL."""
    proxy = _centre(scene).delivering
    assert proxy is not None
    scene.rng.choice(HARMS)(proxy, scene.rng)
    scene.hold(1, 5)
    proxy.heal()


def freeze_postgres(scene: Scene) -> None:
    """Stop PostgreSQL with all its sessions."""
    scene.freeze(scene.store("postgres"), 0.5, 3)


def say_stop(scene: Scene) -> None:
    """Let the owner of a number end optional SMS, and one who has done so begin them again."""
    centre = _centre(scene)
    stopped = set(centre.telling.stopped)
    if stopped:
        centre.telling.text(scene.rng.choice(sorted(stopped)), "START")
    left = [value for value in _values(centre, "sms") if value not in stopped]
    centre.telling.text(scene.rng.choice(left), "STOP")


def bounce(scene: Scene) -> None:
    """Let an e-mail that was taken come back for good."""
    _tell_of_mail(scene, "bounced")


def complain(scene: Scene) -> None:
    """Let the reader of an e-mail call it spam."""
    _tell_of_mail(scene, "complained")


def _tell_of_mail(scene: Scene, what: str) -> None:
    centre = _centre(scene)
    with truth.connected(centre.database_url) as query:
        found = list(
            query(
                "SELECT id, user_id FROM notifications_delivery WHERE channel = 'email' "
                f"AND state = 'accepted' ORDER BY id DESC LIMIT {RECENT}"
            )
        )
    of_user = {person["id"]: _value(person, "email") for person in centre.people}
    left = [(pk, of_user[user]) for pk, user in found if of_user[user] not in centre.telling.told]
    if left:
        delivery, address = scene.rng.choice(left)
        centre.telling.mail(what, address, delivery)


def _values(centre: Centre, channel: str) -> list[str]:
    return [value for person in centre.people if (value := _value(person, channel))]


def _value(person: dict[str, Any], channel: str) -> str:
    found = (one["value"] for one in person["addresses"] if one["channel"] == channel)
    return next(found, "")


Nemesis = Callable[[Scene], None]
WORDS: dict[str, Nemesis] = {
    "sms-stop": say_stop, "mail-bounce": bounce, "mail-complaint": complain,
}  # fmt: skip
OF_ALL: dict[str, Nemesis] = {"provider-link": harm_provider}
OF_POSTGRES: dict[str, Nemesis] = {
    "postgres-freeze": freeze_postgres, "worker-link": harm_delivering,
}  # fmt: skip
NEMESES: dict[str, Nemesis] = {
    **{name: OF_FAULTS[name] for name in (*_ON_SQLITE, *_ON_POSTGRES)},
    **OF_ALL, **OF_POSTGRES, **WORKERS, **WORDS,
}  # fmt: skip


def chosen(store: str, names: tuple[str, ...]) -> list[str]:
    """Return the names to choose from, those of workers more than once."""
    if unknown := set(names) - NEMESES.keys():
        raise ValueError(f"no such nemesis: {', '.join(sorted(unknown))}")
    found = [*_ON_SQLITE, *OF_ALL, *WORDS]
    if store == "postgres":
        found += [*_ON_POSTGRES, *OF_POSTGRES]
    return list(names) or [*found, *WORKERS, *WORKERS, *WORKERS, *WORKERS]
