"""Checks of the clients, pages and proxies that may reach the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from corsheaders.conf import conf as cors
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register

from hoardrun import signing
from hoardrun.checks.addresses import is_loopback
from realtime.core.origin import parse_allowed
from realtime.options import options


@register(Tags.security, deploy=True)
def check_hosts(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of the key of DEBUG, and of hosts that let strangers in."""
    if signing.DEBUG_KEY in {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}:
        yield Warning(
            "SECRET_KEY, or one of SECRET_KEY_FALLBACKS, is the key of DEBUG, which everybody "
            "knows.",
            hint="Set SECRET_KEY to 50 or more random characters.",
            id="hoardrun.W001",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning(
            "ALLOWED_HOSTS contains *: any Host header is believed.",
            hint="Set ALLOWED_HOSTS to the names that clients use, such as api.example.com.",
            id="hoardrun.W002",
        )
    reachable = [host for host in settings.ALLOWED_HOSTS if not is_loopback(host)]
    if settings.DEBUG and reachable:
        yield Warning(
            f"DEBUG is on and ALLOWED_HOSTS contains {', '.join(reachable)}: whoever gets there "
            "reads tracebacks and logs in with the passwords of the demo.",
            hint="Set DEBUG=0, or ALLOWED_HOSTS to localhost,127.0.0.1,[::1].",
            id="hoardrun.W003",
        )


@register(Tags.security)
def check_lists_of_origins(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse what is no origin: the first handshake, or page of another origin, would fail."""
    lists = {
        "WS_ALLOWED_ORIGINS": (_socket_origins(), "hoardrun.E004"),
        "CORS_ALLOWED_ORIGINS": (cors.CORS_ALLOWED_ORIGINS, "hoardrun.E005"),
    }
    for name, (origins, code) in lists.items():
        for text in _unusable(origins):
            yield Error(
                f"{name} contains {text!r}, which is no origin.",
                hint="Write each as a browser sends it, scheme://host[:port], such as "
                "https://app.example.com, or capacitor://localhost of an app; there are no "
                "wildcards, and `null` and file:// are no origin that one could tell from others. "
                "Without WS_ALLOWED_ORIGINS, CORS_ALLOWED_ORIGINS counts for sockets too.",
                id=code,
            )


@register(Tags.security, deploy=True)
def check_origins(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of pages that should not be let in, and of tokens in addresses."""
    for text in sorted({*_socket_origins(), *cors.CORS_ALLOWED_ORIGINS}):
        if text.lower().startswith("http://") and not is_loopback(_host(text)):
            yield Warning(
                f"The origin {text} is plain HTTP: whoever is on the way may change its pages.",
                hint="Serve the front end by HTTPS, and write https:// in CORS_ALLOWED_ORIGINS "
                "and WS_ALLOWED_ORIGINS.",
                id="hoardrun.W006",
            )
    if options().allow_query_token:
        yield Info(
            "Sockets may bring their token in the address (?token=), which proxies log.",
            hint="Set WS_ALLOW_QUERY_TOKEN=0 once all clients use tickets, a header or "
            "a subprotocol.",
            id="hoardrun.I011",
        )


@register(Tags.security, deploy=True)
def check_proxies(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of proxies that are believed without reason, or not at all."""
    proxies = settings.TRUSTED_PROXIES
    for text in proxies:
        if _is_everybody(text):
            yield Warning(
                f"TRUSTED_PROXIES contains {text}: every client chooses the address that its "
                "limits count.",
                hint="Set TRUSTED_PROXIES to the addresses of the proxies in front, and no other.",
                id="hoardrun.W008",
            )
        elif not _is_address(text):
            yield Warning(
                f"TRUSTED_PROXIES contains {text!r}, which is no address or network and "
                "trusts nobody.",
                hint="Write addresses, such as 10.0.0.7, or networks, such as 10.0.0.0/24; "
                "names are not looked up, and no bit may be set behind the prefix.",
                id="hoardrun.W009",
            )
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and not proxies:
        yield Warning(
            "BEHIND_TLS_PROXY is on and TRUSTED_PROXIES is empty: all clients share the "
            "proxy's address, and with it the limits of one.",
            hint="Set TRUSTED_PROXIES to the proxy's address, and let it send X-Forwarded-For.",
            id="hoardrun.W010",
        )


def _socket_origins() -> Sequence[str]:
    return options().allowed_origins


def _unusable(origins: Sequence[str]) -> Iterator[str]:
    for text in origins:
        try:
            parse_allowed(text)
        except ValueError:
            yield text


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None  # reported as no origin


def _is_everybody(text: str) -> bool:
    return text == "*" or (text.endswith("/0") and _is_address(text))


def _is_address(text: str) -> bool:
    """Read as the server does: an address, or a network whose host bits are not set."""
    try:
        ip_network(text) if "/" in text else ip_address(text)
    except ValueError:
        return False
    return True
