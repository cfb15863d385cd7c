"""The database, the channel layer and the cache; `settings.py` is the only caller."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from hoardrun import places, redis_address
from hoardrun.options import Deployment
from hoardrun.redis_address import Address

# The beginning of a database's address, and the driver for it.
SCHEMES = ("sqlite", "postgres", "postgresql", "psql", "pgsql")
ENGINES = {scheme: environ.Env.DB_SCHEMES[scheme] for scheme in SCHEMES}
# Counts of attempts that a process keeps without Redis. With Django's 300, guesses at many names
# would push out the count of guesses at one.
MAX_CACHED = 100_000
SENTINEL_SECONDS = 0.5  # for one Sentinel, before the next is asked
ONE_HOST = {"connect_timeout": 5}
# Each is tried in turn for so long, which is the least that psycopg keeps; one that is a standby
# is passed over.
SEVERAL_HOSTS = {"connect_timeout": 2, "target_session_attrs": "read-write"}


def database(given: Deployment) -> dict[str, Any]:
    """Describe the database: SQLite in VAR_DIR, or what DATABASE_URL says."""
    url = given.database_url or f"sqlite:///{places.var(given) / 'hoardrun.sqlite3'}"
    config = _database_config(url)
    is_file = config["ENGINE"] == ENGINES["sqlite"]
    return config | (_sqlite(config) if is_file else _postgres(config, given)) | {"CONN_MAX_AGE": 0}


def _sqlite(config: dict[str, Any]) -> dict[str, Any]:
    """Use WAL mode with immediate transactions and full sync.

    A deferred transaction that reads and then writes fails under concurrency instead of waiting,
    and anything below full may lose the last commits with the power.
    """
    _make_private(config["NAME"])
    return {
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    }


def _make_private(path: str) -> None:
    """Create a file that only its owner may read, and its folder; one that exists stays as it is.

    The files that SQLite makes beside it take its mode.
    """
    if path == ":memory:" or path.startswith("file:"):
        return
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.touch(0o600)
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL: {error.filename} cannot be made: {error.strerror}. Set VAR_DIR to a "
            "folder that can be written, or DATABASE_URL to another database."
        ) from None


def _postgres(config: dict[str, Any], given: Deployment) -> dict[str, Any]:
    """Use psycopg's pool: persistent connections would leak one a thread under ASGI.

    Nothing here is state of a session, so that a pooler in transaction mode may stand between.
    """
    from hoardrun import postgres  # psycopg and Django's backend, which SQLite needs not

    hosts = str(config["HOST"]).count(",") + 1
    options: dict[str, Any] = {
        "application_name": "hoardrun",  # one for all: a pooler tells the server of each change
        **(ONE_HOST if hosts == 1 else SEVERAL_HOSTS),
        # A peer that vanished must not hold a thread for the kernel's two hours.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        **config.get("OPTIONS", {}),
    }
    options |= {
        "cursor_factory": postgres.LimitedCursor,
        "pool": {
            "connection_class": postgres.limited_to(given.database_lock_timeout_seconds),
            "min_size": 1,
            "max_size": given.database_pool_size,
            # The first hosts may be dead: who waits for a connection waits for the last one.
            "timeout": max(5, int(options["connect_timeout"]) * hosts + 1),
            "max_lifetime": 1800,
            # Its pauses between two attempts double; who asks after this begins anew.
            "reconnect_timeout": 4,
        },
    }
    return {
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # they outlive a transaction
    }


def _database_config(url: str) -> dict[str, Any]:
    """Take an address apart. It is not repeated: it may hold a password."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in ENGINES:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with postgres:// or sqlite:///; "
            "for example postgres://user:password@host:5432/hoardrun"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it warns of what it leaves out
            config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, UserWarning):
        config = {}
    if "," in config.get("HOST", ""):
        config |= _several_hosts(url)
    if config.get("HOST"):  # a folder of sockets, as libpq takes it: postgres://user@%2Frun/name
        config["HOST"] = unquote(config["HOST"])
    if not config.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be understood: write postgres://user:password@host:5432/name, "
            "a password's special characters percent-encoded, or sqlite:////path/to/file"
        )
    return config


def _several_hosts(url: str) -> dict[str, str]:
    """Return hosts and ports as libpq takes them: two lists of one length, without a port empty.

    django-environ leaves out ports that are not given, and so moves those behind them.
    """
    hosts, ports = [], []
    for place in urlsplit(url).netloc.rpartition("@")[2].split(","):
        if place.startswith("["):
            host, _, port = place[1:].partition("]")
            port = port.removeprefix(":")
        else:
            host, _, port = place.partition(":")
        hosts.append(host)
        ports.append(port)
    return {"HOST": ",".join(hosts), "PORT": ",".join(ports) if any(ports) else ""}


def channel_layer(given: Deployment) -> dict[str, Any]:
    """Describe the channel layer: in memory, or Redis pub/sub.

    Explicit time-outs, since a frozen Redis must not hang a publisher.
    Redis ignores the database number for pub/sub, so the prefix keeps
    deployments apart.
    """
    if not given.redis_url:
        return {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            # Nothing may expire: the layer would drop a node from its groups for ever.
            "CONFIG": {"capacity": 10_000, "expiry": 10**6, "group_expiry": 10**9},
        }
    return {
        "BACKEND": "realtime.layer.pubsub.PubSubLayer",
        "CONFIG": {
            "hosts": [_host(address) for address in redis_address.parse(given.redis_url)],
            "prefix": given.redis_prefix,
        },
    }


def _host(address: Address) -> dict[str, Any]:
    """Describe one Redis as channels_redis takes it."""
    if not address.master:
        return {"address": address.url, "socket_timeout": 3, "socket_connect_timeout": 3}
    return {
        "master_name": address.master,
        "sentinels": list(address.sentinels),
        "sentinel_kwargs": {
            "socket_timeout": SENTINEL_SECONDS,
            "socket_connect_timeout": SENTINEL_SECONDS,
            **address.sentinel_options,
        },
        "socket_connect_timeout": 3,
        **address.options,
    }


def cache(given: Deployment) -> dict[str, Any]:
    """Describe Django's cache: in the process, or Redis."""
    if not given.redis_url:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": MAX_CACHED},
        }
    return {
        "BACKEND": "hoardrun.redis_cache.HashedRedisCache",
        "LOCATION": given.redis_url,
        "KEY_PREFIX": given.redis_prefix,
    }
