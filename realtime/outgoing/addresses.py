"""Check the URLs that may be called: none leads into our own network.

The text of a URL is checked when it is saved. At each call it is checked again, and the addresses
that its host resolves to are: the one that was checked is the one that is connected to.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from realtime.errors import InvalidInput

MAX_URL = 1000
# The characters of a URL. Programs read others, such as blanks and backslashes, in different ways.
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_NAME = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}")
# Names that no public DNS holds; what resolves them is inside.
_INSIDE = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion")
# Networks that are no part of the public Internet, by IANA's registries of special addresses.
_NOT_PUBLIC_V4 = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_PUBLIC_V6 = ip_network("2000::/3")
_NOT_PUBLIC_V6 = [
    ip_network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]
_NAT64 = ip_network("64:ff9b::/96")  # an IPv4 address, as networks with IPv6 alone write it


@dataclass(frozen=True)
class Rules:
    """The rules for calls: public hosts by HTTPS on these ports.

    `loopback` allows this machine too, also by HTTP and on any port: for development.
    """

    loopback: bool = False
    hosts: tuple[str, ...] = ()  # these and what is below them; empty: every public host
    ports: tuple[int, ...] = (443,)

    @classmethod
    def of_deployment(cls, *hosts: str) -> Rules:
        """Return the rules that hold here: loopback under DEBUG only."""
        return cls(loopback=settings.DEBUG, hosts=hosts)


class UnsafeAddress(InvalidInput):
    """A URL that may not be called. The reason does not repeat it."""

    code = "invalid_input"


class Parts(msgspec.Struct, frozen=True):
    """A URL that has been checked, in the parts that a call takes."""

    scheme: str
    host: str  # small letters; an IPv6 address without brackets
    port: int
    target: str  # path and query


def check(url: str, rules: Rules | None = None, *, field: str = "url") -> Parts:
    """Check the text of a URL, without asking DNS. Raises UnsafeAddress with the field's name."""
    rules = rules or Rules.of_deployment()
    try:
        return _checked(url, rules)
    except ValueError as error:
        raise UnsafeAddress(field, str(error)) from None


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public Internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found in _NAT64:
            found = IPv4Address(int(found) & 0xFFFFFFFF)
        else:
            return found in _PUBLIC_V6 and not any(found in net for net in _NOT_PUBLIC_V6)
    return not any(found in net for net in _NOT_PUBLIC_V4)


def resolve(host: str, port: int, rules: Rules, seconds: float) -> list[str]:
    """Resolve a host to the IP addresses that may be connected to.

    Raises UnsafeAddress if any of them is not public, as a name that resolves to both is a trick.
    Raises OSError or TimeoutError if there are none.
    """
    found = [host] if _as_ip(host) else _looked_up(host, port, seconds)
    if not all(is_public(each) or (rules.loopback and _is_loopback(each)) for each in found):
        raise UnsafeAddress("url", "The host is not a public one.")
    return found


def _checked(url: str, rules: Rules) -> Parts:
    """Take a URL apart; raise ValueError with what is wrong."""
    if len(url) > MAX_URL:
        raise ValueError(f"It is longer than {MAX_URL} characters.")
    if not _URL.fullmatch(url):
        raise ValueError("It is no URL in ASCII.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("Its host or its port cannot be read.") from None
    if parts.username is not None or parts.password is not None or "#" in url:
        raise ValueError("It has a user, a password or a fragment.")
    is_local = rules.loopback and (host == "localhost" or _is_loopback(host))
    if parts.scheme != "https" and not (is_local and parts.scheme == "http"):
        raise ValueError("It does not begin with https://.")
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    checked = Parts(parts.scheme, host, port, target)
    if is_local:
        return checked
    _check_public(host, rules)
    if port not in rules.ports:
        raise ValueError(f"The port is none of {', '.join(map(str, rules.ports))}.")
    return checked


def _check_public(host: str, rules: Rules) -> None:
    if _as_ip(host):
        if not is_public(host):
            raise ValueError("The host is not a public one.")
    elif not _NAME.fullmatch(host):
        raise ValueError("The host is no name of the public DNS.")
    elif f".{host}".endswith(_INSIDE):
        raise ValueError("The host is not a public one.")
    if rules.hosts and not any(f".{host}".endswith(f".{known}") for known in rules.hosts):
        raise ValueError("The host is none of those that are known.")


def _as_ip(host: str) -> IPv4Address | IPv6Address | None:
    """Read an IP address in its usual form. 0x7f.1 or 2130706433 is none, and no name either."""
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    found = _as_ip(host)
    return found is not None and found.is_loopback


def _looked_up(host: str, port: int, seconds: float) -> list[str]:
    """Ask DNS, for this long at most: `getaddrinfo` itself may take half a minute."""
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError("no name"))

    Thread(target=look_up, name="hoardrun-dns", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError("DNS did not answer.") from None
    if isinstance(found, OSError):
        raise found
    return found
