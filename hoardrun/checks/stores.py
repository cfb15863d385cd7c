"""Check the way to the database and to Redis."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError, InterfaceError

from hoardrun import redis_address
from hoardrun.checks.findings import finding
from hoardrun.options import REDIS_PREFIX
from hoardrun.stores import ENGINES
from realtime.core.origin import is_loopback
from realtime.sql import server_settings


@register(Tags.security, deploy=True)
def check_files(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of a database in a file that other users of the machine may read."""
    for config in settings.DATABASES.values():
        file = Path(str(config.get("NAME") or ""))
        if config["ENGINE"] == ENGINES["sqlite"] and file.is_file() and _is_open(file):
            yield finding("hoardrun.W034", file=file)


def _is_open(file: Path) -> bool:
    return bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


@register(Tags.security, deploy=True)
def check_redis(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of a Redis that others may share, read or speak in."""
    try:
        addresses = redis_address.parse(settings.REDIS_URL)
    except ValueError:
        return  # the next connection reports it better
    remote = [one for one in addresses if not all(map(is_loopback, one.hosts))]
    if not remote:
        return
    if not _prefixes().isdisjoint({REDIS_PREFIX, "", None}):
        yield finding("hoardrun.W031")
    if not all(one.is_encrypted or one.has_password for one in remote):
        yield finding("hoardrun.W032")


def _prefixes() -> set[str | None]:
    layer = settings.CHANNEL_LAYERS["default"].get("CONFIG", {}).get("prefix")
    return {layer, settings.CACHES["default"].get("KEY_PREFIX")}


@register(Tags.security, deploy=True)
def check_postgres(**kwargs: Any) -> Iterator[CheckMessage]:
    """Ask PostgreSQL, where it can be reached, what settings of hoardrun do not say."""
    if settings.DATABASE_DURABILITY == "managed":
        yield finding("hoardrun.I044")
    try:
        server = server_settings.read()
    except (DatabaseError, InterfaceError):
        return  # the next connection reports it better
    if server and server.lets_transactions_idle:
        yield finding("hoardrun.W045")
