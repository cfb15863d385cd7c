"""The deployment's options: each is declared here, and nowhere else; TABLES lists all there are."""

from __future__ import annotations

from dataclasses import dataclass

from hoardrun import redis_address
from hoardrun.telemetry.options import TelemetryOptions
from notifications.brand import Brand
from notifications.channels.options import ChannelOptions
from realtime.option_fields import flag, number, option, rate, split, text, whole, words
from realtime.options import Options

JWT_ALGORITHMS = ("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "EdDSA")
LOG_FORMATS = ("line", "json")
DURABILITIES = ("local", "managed")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MIN_KEY_BYTES = 32
REDIS_PREFIX = "hoardrun"


def is_short(key: str) -> bool:
    """Say whether a key could be guessed."""
    return len(key.encode()) < MIN_KEY_BYTES


def _parse_keys(text: str) -> tuple[str, ...]:
    found = split(text)
    if any(map(is_short, found)):
        raise ValueError(
            f"has a key of less than {MIN_KEY_BYTES} bytes: write whole keys, separated by commas."
        )
    return found


def _parse_redis_url(text: str) -> str:
    redis_address.parse(text)
    return text


def _parse_level(text: str) -> str:
    level = text.upper() or "INFO"
    if level not in LOG_LEVELS:
        raise ValueError(f"is none of {', '.join(LOG_LEVELS)}.")
    return level


def _parse_format(text: str) -> str:
    form = text.lower() or "line"
    if form not in LOG_FORMATS:
        raise ValueError(f"is none of {', '.join(LOG_FORMATS)}.")
    return form


def _parse_durability(text: str) -> str:
    if text not in DURABILITIES:
        raise ValueError(f"is none of {', '.join(DURABILITIES)}.")
    return text


def _parse_algorithm(text: str) -> str:
    algorithm = text or "HS256"
    if algorithm not in JWT_ALGORITHMS:
        raise ValueError(f"is none of {', '.join(JWT_ALGORITHMS)}.")
    return algorithm


@dataclass(frozen=True)
class Deployment:
    """The options of the product beside the engine's; a variable has its field's name."""

    secret_key: str = text(secret=True, shown="none; under `DEBUG` that of `make run`")
    """Signs sessions; 50 or more random characters, the same on every node; outside `DEBUG` less
    than 32 bytes stop the start."""
    secret_key_fallbacks: tuple[str, ...] = option((), _parse_keys, secret=True)
    """Previous keys, separated by commas, 32 or more bytes each: they verify and do not sign, see
    [keys](keys.md)."""
    jwt_algorithm: str = option("HS256", _parse_algorithm)
    """Algorithm of access tokens: HS256, HS384, HS512, RS256, RS384, RS512, ES256 or EdDSA."""
    jwt_signing_key: str = text(secret=True, shown="derived from `SECRET_KEY`")
    """Signs access tokens with HS256, HS384 or HS512; 32 or more bytes; set it so that this key and
    `SECRET_KEY` can be replaced one without the other."""
    jwt_private_key_file: str = text()
    """A PEM file that signs access tokens with the other algorithms; with HS256, HS384 or HS512 it
    stops the start."""
    jwt_public_key_file: str = text(shown="of the private key")
    """A PEM file that verifies them; without a private key, this deployment issues none."""
    jwt_signing_key_fallbacks: tuple[str, ...] = option((), _parse_keys, secret=True)
    """Previous values of `JWT_SIGNING_KEY`, separated by commas, 32 or more bytes each."""
    jwt_public_key_file_fallbacks: tuple[str, ...] = words()
    """PEM files of the previous public keys, separated by commas."""
    debug: bool = flag()
    """Development only: demo logins, the console page for everybody, tracebacks."""
    allowed_hosts: tuple[str, ...] = words("localhost", "127.0.0.1", "[::1]")
    """Host names that are served, separated by commas."""
    csrf_trusted_origins: tuple[str, ...] = words()
    """Origins of the admin behind a proxy, such as `https://api.example.com`."""
    cors_allowed_origins: tuple[str, ...] = words()
    """Origins of front ends that call the HTTP API; under `DEBUG` also any port of this machine."""
    database_url: str = text(secret=True, shown="SQLite in `VAR_DIR`")
    """`postgres://user:password@host:5432/name`; `postgres://user@%2Frun%2Fpostgresql/name` for a
    folder of sockets; `postgres://user:password@a:5432,b:5432/name?target_session_attrs=read-write`
    for [several hosts](#failover)."""
    database_pool_size: int = whole(16, 2, 10_000)
    """Connections to PostgreSQL that a process keeps at most."""
    database_lock_timeout_seconds: float = number(5, 0, 86_400)
    """Longest wait of a statement for a locked row before it fails, with 503 over HTTP; 0 waits for
    ever."""
    database_durability: str = option("local", _parse_durability)
    """`managed` for a database that keeps commits by other means than its files, as Neon and Aurora
    do: `fsync` and `full_page_writes` are not judged; `synchronous_commit=off` is refused still."""
    allow_losing_committed_events: bool = flag()
    """Serve although the database may lose what it has committed, for tests and throwaway data; see
    [guarantees](guarantees.md)."""
    redis_url: str = option("", _parse_redis_url, secret=True, shown="none: in memory")
    """The channel layer between nodes, and the cache: `redis://`, `rediss://`, `unix://` or
    `redis+sentinel://`, or several, separated by commas; see [Redis](#redis)."""
    redis_prefix: str = text(REDIS_PREFIX)
    """Keeps deployments that share a Redis apart: pub/sub ignores the database number."""
    behind_tls_proxy: bool = flag()
    """Trust `X-Forwarded-Proto` of the proxy in front."""
    secure_ssl_redirect: bool = flag(True)
    """Redirect HTTP to HTTPS."""
    secure_hsts_seconds: int = whole(31_536_000, 0, 315_360_000)
    """Time for which browsers insist on HTTPS; the default is a year."""
    console_enabled: bool = flag(True)
    """Serve the console page `/ws/test`: under `DEBUG` to everybody, else to
    [staff](#the-console)."""
    escalation_time_scale: float = number(1, 1, 1000)
    """Divides the times of all ladders, for tests and demos: with 10, a rung
    that waits for a minute fires after six seconds."""
    provider_stub_time_scale: float = number(1, 0.01, 1000)
    """Divides the pauses of the [stub of payment providers](demo.md#the-phones-that-pay)."""
    simulate_market: bool = flag()
    """Simulate prices of the market, as `simulator` in `MARKET_SOURCES` does."""
    simulate_payments: bool = flag()
    """Under `DEBUG`: the first customer of the demo pays every ten seconds."""
    access_token_minutes: float = number(15, 0.01, 525_600)
    """Life of an access token."""
    refresh_token_days: float = number(7, 0.01, 3650)
    """Life of a refresh token."""
    refresh_grace_seconds: float = number(30, 0, 3600)
    """For how long after its use a refresh token gives the same successor again;
    [after that](access.md#staying-in) it ends the login."""
    trusted_proxies: tuple[str, ...] = words()
    """Addresses or networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are
    believed."""
    http_header_seconds: float = number(10, 0.1, 3600)
    """Longest time that a client may take to send the headers of a request."""
    http_body_seconds: float = number(30, 0.1, 3600)
    """Longest time that the body after them may take; beyond that 408."""
    read_rate: str = rate("600/min")
    """Requests of a user that read, over HTTP; pages of the admin count too."""
    write_rate: str = rate("300/min")
    """Requests of a user that write; a bulk update counts by its rows."""
    stranger_rate: str = rate("300/min")
    """Requests of an address without a login, or with one that is refused."""
    webhook_rate: str = rate("6000/min")
    """Webhooks by each path of a provider; more are answered with 429, and come again."""
    login_rate: str = rate("20/min")
    """Attempts to log in per address and name."""
    login_address_rate: str = rate("30/min")
    """Failed attempts per address, whatever the name."""
    login_name_rate: str = rate("60/hour")
    """Failed attempts per name, from all addresses that it has not logged in from; wrong old
    passwords per user."""
    ticket_rate: str = rate("120/min")
    """Tickets per user."""
    broadcast_rate: str = rate("60/min")
    """Broadcasts over HTTP per user, and decisions on them; more are answered with 429."""
    broadcast_approval_audience: int = whole(1000, 0, 2_000_000_000)
    """A broadcast over HTTP to more users than this waits for a second person; 0: each one does."""
    log_level: str = option("INFO", _parse_level)
    """The lowest level that is logged to stderr: DEBUG, INFO, WARNING, ERROR or CRITICAL; above
    INFO there is no access log."""
    log_format: str = option("line", _parse_format)
    """Format of the log: `line` for people, `json` for programs, see
    [metrics and logs](#metrics-and-logs)."""
    var_dir: str = text(shown="`var/` of the project")
    """The folder for what is written beside the database: SQLite's file, the key of the demo; see
    [read-only files](#read-only-files)."""
    static_root: str = text(shown="`static/` in `VAR_DIR`")
    """The folder into which `collectstatic` gathers the static files, for a proxy that serves
    them."""


# An app appends the class that declares its own.
TABLES: list[type] = [Deployment, TelemetryOptions, Options, ChannelOptions, Brand]
