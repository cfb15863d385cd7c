"""The one place that reads the environment; `settings.py` is its only caller.

Every reader fails loudly and names the variable, so that a wrong deployment
stops at the start instead of running with a guess.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
import re
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
JWT_ALGORITHMS = ("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "EdDSA")
MIN_KEY_BYTES = 32
# Which variables hold the keys of HS256 and its kin, and which those of the others.
_SHARED_KEYS = ("JWT_SIGNING_KEY", "JWT_SIGNING_KEY_FALLBACKS")
_KEY_FILES = ("JWT_PRIVATE_KEY_FILE", "JWT_PUBLIC_KEY_FILE", "JWT_PUBLIC_KEY_FILE_FALLBACKS")
DEBUG_KEY = "insecure-key-for-debug-only-never-used-outside-debug"
DEMO_KEY_FILE = BASE_DIR / "var" / "secret_key"  # that of `make run`
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
REDIS_SCHEMES = ("redis", "rediss", "unix")
# How a database's address begins, and what then speaks to it.
ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "psql": "django.db.backends.postgresql",
    "pgsql": "django.db.backends.postgresql",
}
# Counts of attempts that a process keeps without Redis. Django's 300 would let who guesses at
# one name wash its count away with guesses at others.
MAX_CACHED = 100_000
MAX_RATE = 1_000_000
REDIS_PREFIX = "hoardrun"  # unless the variable of that name says otherwise


def flag(name: str, default: bool = False) -> bool:
    """Read a yes/no variable."""
    value = text(name, "")
    if not value:
        return default
    lowered = value.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no: use 1 or 0.")


def text(name: str, default: str = "") -> str:
    """Read a text variable, without surrounding blanks or a byte order mark."""
    return os.environ.get(name, default).strip().removeprefix("\ufeff").strip()


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated variable."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def keys(name: str) -> list[str]:
    """Read keys of before, separated by commas; what they verify could be forged by a guess."""
    found = words(name)
    if any(len(key.encode()) < MIN_KEY_BYTES for key in found):
        raise ImproperlyConfigured(
            f"{name} has a key of less than {MIN_KEY_BYTES} bytes: "
            "write whole keys, separated by commas."
        )
    return found


def number(name: str, default: float, *, minimum: float = 0, maximum: float) -> float:
    """Read a number from `minimum` to `maximum`: beyond it, dates and system calls would fail."""
    value = text(name, str(default))
    try:
        parsed = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.") from None
    if not math.isfinite(parsed):
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.")
    if not minimum <= parsed <= maximum:
        raise ImproperlyConfigured(
            f"{name}={value!r} is out of range: it takes {minimum:,} to {maximum:,}."
        )
    return parsed


def whole(name: str, default: int, *, minimum: int = 0, maximum: int) -> int:
    """Read a whole number from `minimum` to `maximum`."""
    parsed = number(name, default, minimum=minimum, maximum=maximum)
    if parsed != int(parsed):
        raise ImproperlyConfigured(f"{name}={parsed} is not a whole number.")
    return int(parsed)


def rate(name: str, default: str) -> str:
    """Read how often something may be done, such as `60/min`."""
    value = text(name) or default
    if not re.fullmatch(r"[1-9][0-9]*/(s|sec|second|m|min|minute|h|hour|d|day)", value):
        raise ImproperlyConfigured(f"{name}={value!r} is no rate: write it like {default}.")
    if int(value.partition("/")[0]) > MAX_RATE:
        raise ImproperlyConfigured(f"{name}={value!r} is out of range: it takes 1 to {MAX_RATE:,}.")
    return value


def secret_key(*, debug: bool) -> str:
    """Read SECRET_KEY; only DEBUG may do without one.

    It then takes the one of `make run`, if there is any: what commands sign is good there.
    """
    value = text("SECRET_KEY")
    if value and not debug and len(value.encode()) < MIN_KEY_BYTES:
        raise ImproperlyConfigured(
            f"SECRET_KEY must hold at least {MIN_KEY_BYTES} bytes, or it can be guessed: set it to "
            "50 or more random characters."
        )
    if value:
        return value
    if debug:
        return _demo_key() or DEBUG_KEY
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. Set it to 50 or more random characters, for example with "
        "`export SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))')`, "
        "and keep it the same on every node. DEBUG=1, as for the demo of `make run`, needs none."
    )


def _demo_key() -> str:
    try:
        return DEMO_KEY_FILE.read_text(encoding="utf-8-sig").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"{DEMO_KEY_FILE} cannot be read: {error}. Set SECRET_KEY, or remove it."
        ) from None


def log_level() -> str:
    """Read LOG_LEVEL, in whichever case."""
    value = (text("LOG_LEVEL") or "INFO").upper()
    if value not in LOG_LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL={value!r} is none of {', '.join(LOG_LEVELS)}.")
    return value


def redis_url() -> str:
    """Read REDIS_URL. Its value is not repeated: it may hold a password."""
    value = text("REDIS_URL")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        known = parts.scheme in REDIS_SCHEMES and parts.port != 0  # ValueError: not a port
    except ValueError:
        known = False
    if not known:
        raise ImproperlyConfigured(
            "REDIS_URL is no address of a Redis: write redis://host:6379/0, "
            "rediss://user:password@host:6380/0 or unix:///path/to/redis.sock; a password's "
            "special characters percent-encoded."
        )
    return value


def jwt_keys(secret_key: str) -> dict[str, Any]:
    """Say how access tokens are signed: algorithm and keys, as simplejwt names them.

    With HS256, JWT_SIGNING_KEY signs and verifies; left out, a key derived from SECRET_KEY
    does, which tells nothing of that one. RS256, ES256, EdDSA and their kin read PEM files:
    JWT_PRIVATE_KEY_FILE signs; with JWT_PUBLIC_KEY_FILE alone, tokens are verified that
    somebody else signs. Keys of the other kind are refused: nothing would read them.
    """
    algorithm = text("JWT_ALGORITHM") or "HS256"
    if algorithm not in JWT_ALGORITHMS:
        raise ImproperlyConfigured(
            f"JWT_ALGORITHM={algorithm!r} is none of {', '.join(JWT_ALGORITHMS)}."
        )
    if algorithm.startswith("HS"):
        _refuse_unread(_KEY_FILES, algorithm, "RS256, ES256 or EdDSA")
        key = text("JWT_SIGNING_KEY") or _derived(secret_key)
        if len(key.encode()) < MIN_KEY_BYTES or key == secret_key:
            raise ImproperlyConfigured(
                f"JWT_SIGNING_KEY must hold at least {MIN_KEY_BYTES} bytes and differ from "
                "SECRET_KEY; leave it out, and one is derived."
            )
        return {"ALGORITHM": algorithm, "SIGNING_KEY": key, "VERIFYING_KEY": ""}
    _refuse_unread(_SHARED_KEYS, algorithm, "HS256")
    private, public = _pem("JWT_PRIVATE_KEY_FILE"), _pem("JWT_PUBLIC_KEY_FILE")
    if not private and not public:
        raise ImproperlyConfigured(
            f"JWT_ALGORITHM={algorithm} needs JWT_PRIVATE_KEY_FILE, a PEM file."
        )
    try:
        return {
            "ALGORITHM": algorithm,
            "SIGNING_KEY": private,
            "VERIFYING_KEY": public or _public_of(private),
        }
    except (ValueError, TypeError):  # cryptography says TypeError of a key with a password
        raise ImproperlyConfigured(
            "JWT_PRIVATE_KEY_FILE must hold a private key in PEM without a password."
        ) from None


def _refuse_unread(names: tuple[str, ...], algorithm: str, fitting: str) -> None:
    """Refuse variables that name keys which the algorithm does not read."""
    if unread := [name for name in names if text(name)]:
        raise ImproperlyConfigured(
            f"{unread[0]} is set, and JWT_ALGORITHM={algorithm} does not read it: set "
            f"JWT_ALGORITHM to {fitting}, or take {unread[0]} out."
        )


def jwt_fallbacks(secret_keys: list[str]) -> list[str]:
    """Read the keys that tokens of before were signed with, and that only verify.

    With HS256 and its kin those of JWT_SIGNING_KEY_FALLBACKS, and what is derived from each of
    `secret_keys`; else the files of JWT_PUBLIC_KEY_FILE_FALLBACKS.
    """
    if (text("JWT_ALGORITHM") or "HS256").startswith("HS"):
        return [*keys("JWT_SIGNING_KEY_FALLBACKS"), *map(_derived, secret_keys)]
    paths = words("JWT_PUBLIC_KEY_FILE_FALLBACKS")
    return [_read("JWT_PUBLIC_KEY_FILE_FALLBACKS", path) for path in paths]


def _derived(secret_key: str) -> str:
    return hmac.new(secret_key.encode(), b"access tokens", hashlib.sha256).hexdigest()


def _pem(name: str) -> str:
    path = text(name)
    return _read(name, path) if path else ""


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}={path!r} is not a PEM file.") from None
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path!r} cannot be read: {error.strerror}.") from None


def _public_of(private_pem: str) -> str:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def database() -> dict[str, Any]:
    """Describe the database: SQLite in `var/`, or what DATABASE_URL says.

    SQLite runs in WAL mode with immediate transactions and full sync: a deferred
    one that reads and then writes fails under concurrency instead of waiting, and
    anything below full may lose the last commits with the power. PostgreSQL runs
    through psycopg's pool; persistent connections would leak one a thread under ASGI.
    """
    url = text("DATABASE_URL") or f"sqlite:///{BASE_DIR / 'var' / 'hoardrun.sqlite3'}"
    config = _database_config(url)
    engine = config["ENGINE"]
    if engine == ENGINES["sqlite"]:
        folder = Path(config["NAME"]).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(
                f"DATABASE_URL: the folder {folder} cannot be made: {error.strerror}."
            ) from None
        _keep_private(config["NAME"])
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        if test_path := text("SQLITE_TEST_PATH"):
            config["TEST"] = {"NAME": test_path}
    else:
        options = config.setdefault("OPTIONS", {})
        options["pool"] = {
            "min_size": 1,
            "max_size": whole("DATABASE_POOL_SIZE", 16, minimum=2, maximum=10_000),
            "timeout": 5,
            "max_lifetime": 1800,
        }
        config["CONN_HEALTH_CHECKS"] = True
        # A peer that vanished must not hold a thread for the kernel's two hours.
        options.setdefault("connect_timeout", 5)
        options.setdefault("keepalives_idle", 10)
        options.setdefault("keepalives_interval", 5)
        options.setdefault("keepalives_count", 3)
        options.setdefault("tcp_user_timeout", 15_000)
        # Whoever waits longer for a row than that gives up, and may try again.
        if lock_timeout := number("DATABASE_LOCK_TIMEOUT_SECONDS", 5, maximum=86_400):
            given = options.get("options", "")
            options["options"] = f"-c lock_timeout={int(lock_timeout * 1000)} {given}".strip()
    config["CONN_MAX_AGE"] = 0
    return config


def _keep_private(path: str) -> None:
    """Make SQLite's file, if there is none, for nobody but us; those beside it are as it is."""
    if path == ":memory:" or path.startswith("file:"):
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL: {path} cannot be made: {error.strerror}."
        ) from None


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
    if config.get("HOST"):  # a folder of sockets, as libpq takes it: postgres://user@%2Frun/name
        config["HOST"] = unquote(config["HOST"])
    if not config.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be understood: write postgres://user:password@host:5432/name, "
            "a password's special characters percent-encoded, or sqlite:////path/to/file"
        )
    return config


def channel_layers(redis_url: str) -> dict[str, Any]:
    """Describe the channel layer: in memory, or Redis pub/sub.

    Explicit time-outs, since a frozen Redis must not hang whoever publishes.
    Redis ignores the database number for pub/sub, so the prefix keeps
    deployments apart.
    """
    if not redis_url:
        return {
            "default": {
                "BACKEND": "channels.layers.InMemoryChannelLayer",
                # Nothing may expire: the layer would drop a node from its groups for ever.
                "CONFIG": {"capacity": 10_000, "expiry": 10**6, "group_expiry": 10**9},
            }
        }
    return {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                "hosts": [{"address": redis_url, "socket_timeout": 3, "socket_connect_timeout": 3}],
                "prefix": text("REDIS_PREFIX", REDIS_PREFIX),
            },
        }
    }


def caches(redis_url: str) -> dict[str, Any]:
    """Describe Django's cache: in the process, or Redis."""
    if not redis_url:
        return {
            "default": {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                "OPTIONS": {"MAX_ENTRIES": MAX_CACHED},
            }
        }
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": text("REDIS_PREFIX", REDIS_PREFIX),
            # A request waits for it: for a frozen Redis no longer than that.
            "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
        }
    }
