"""Read REDIS_URL: one Redis or several, each by its address or by Sentinels. Pure.

Several are separated by commas; groups and keys are divided among them by a hash of their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PLAIN = ("redis", "rediss", "unix")
SENTINEL = ("redis+sentinel", "rediss+sentinel")
EXAMPLES = (
    "redis://host:6379/0, rediss://user:password@host:6380/0?ssl_ca_certs=/path/ca.pem, "
    "unix:///path/to/redis.sock, or redis+sentinel://user:password@host:26379,host:26379/master/0; "
    "several Redis are separated by commas, and a password's special characters percent-encoded"
)
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
OF_TLS = (*FILES, "ssl_cert_reqs", "ssl_check_hostname", "ssl_keyfile_password")
OF_SENTINELS = ("sentinel_username", "sentinel_password")


@dataclass(frozen=True)
class Address:
    """One Redis. With `master`, the Sentinels give its address."""

    url: str = ""  # of a plain one
    master: str = ""
    sentinels: tuple[tuple[str, int], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)  # of a connection, by Sentinel
    sentinel_options: Mapping[str, Any] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()  # that are connected to, for checks
    is_encrypted: bool = False
    has_password: bool = False


def parse(text: str) -> tuple[Address, ...]:
    """Take REDIS_URL apart. Raises ValueError, which says what to write, and no password."""
    entries = re.split(r",(?=[a-z][a-z+]*://)", text) if text else []
    return tuple(_parse(entry.strip()) for entry in entries)


def _parse(entry: str) -> Address:
    scheme = entry.partition("://")[0]
    if scheme in SENTINEL:
        return _by_sentinels(entry, scheme)
    if scheme not in PLAIN:
        raise ValueError(f"is no address of a Redis: write {EXAMPLES}.")
    try:
        parts = urlsplit(entry)
        hosts = parts.netloc.rpartition("@")[2]
        is_port = parts.port != 0 and "," not in hosts  # ValueError: not a port
    except ValueError:
        is_port = False
    if not is_port:
        raise ValueError(f"is no address of a Redis: write {EXAMPLES}.")
    from redis.connection import ConnectionPool  # a tenth of a start, which needs it not elsewhere

    try:
        ConnectionPool.from_url(entry).make_connection()  # which connects later
    except (TypeError, ValueError) as error:
        raise ValueError(f"has an option that Redis's client does not take: {error}.") from None
    given = dict(parse_qsl(parts.query))
    _require_files(given)
    return Address(
        url=entry,
        hosts=(parts.hostname,) if parts.hostname else (),
        is_encrypted=scheme == "rediss",
        has_password=bool(parts.password or given.get("password")),
    )


def _by_sentinels(entry: str, scheme: str) -> Address:
    netloc, _, rest = entry.partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    credentials, _, hosts = netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    master, _, number = path.partition("/")
    try:
        sentinels = tuple(_sentinel(host) for host in hosts.split(","))
        db = int(number or 0)
    except ValueError:
        sentinels, db = (), 0
    if not sentinels or not master:
        raise ValueError(
            f"names no Sentinels and no master: write {scheme}://user:password@"
            "host:26379,host:26379/name-of-the-master/0; the name is that of `sentinel monitor`, "
            "the user is Redis's."
        )
    given = dict(parse_qsl(query))
    if unknown := sorted(given.keys() - {*OF_TLS, *OF_SENTINELS}):
        raise ValueError(
            f"has the option {unknown[0]}, which is none of {', '.join((*OF_TLS, *OF_SENTINELS))}."
        )
    _require_files(given)
    secure: dict[str, Any] = {name: given[name] for name in OF_TLS if name in given}
    if scheme == "rediss+sentinel":
        secure["ssl"] = True
    if "ssl_check_hostname" in secure:
        secure["ssl_check_hostname"] = secure["ssl_check_hostname"].lower() in {"1", "true", "yes"}
    own = {"username": unquote(user), "password": unquote(password)}
    theirs = {name.removeprefix("sentinel_"): given[name] for name in OF_SENTINELS if name in given}
    return Address(
        master=unquote(master),
        sentinels=sentinels,
        options={"db": db, **{name: value for name, value in own.items() if value}, **secure},
        sentinel_options={**theirs, **secure},
        hosts=tuple(host for host, _ in sentinels),
        is_encrypted=scheme == "rediss+sentinel",
        has_password=bool(password),
    )


def _sentinel(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port == 0:
        raise ValueError(text)
    return parts.hostname, parts.port or 26379


def _require_files(given: Mapping[str, str]) -> None:
    for name in FILES:
        if name in given and not Path(given[name]).is_file():
            raise ValueError(f"names a file in {name} that does not exist: {given[name]}.")
