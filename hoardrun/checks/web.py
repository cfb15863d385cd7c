"""Checks of the clients, pages and proxies that may reach the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from corsheaders.conf import conf as cors
from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from hoardrun import signing
from hoardrun.checks.findings import finding
from realtime.core.origin import is_loopback, parse_allowed
from realtime.options import options


@register(Tags.security, deploy=True)
def check_hosts(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of the key of DEBUG, and of hosts that let strangers in."""
    if signing.DEBUG_KEY in {settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS}:
        yield finding("hoardrun.W001")
    if "*" in settings.ALLOWED_HOSTS:
        yield finding("hoardrun.W002")
    reachable = [host for host in settings.ALLOWED_HOSTS if not is_loopback(host)]
    if settings.DEBUG and reachable:
        yield finding("hoardrun.W003", hosts=", ".join(reachable))


@register(Tags.security)
def check_lists_of_origins(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse what is no origin: the first handshake, or page of another origin, would fail."""
    for text in _unusable(options().allowed_origins):
        yield finding("hoardrun.E004", origin=text)
    for text in _unusable(cors.CORS_ALLOWED_ORIGINS):
        yield finding("hoardrun.E005", origin=text)


@register(Tags.security, deploy=True)
def check_origins(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of pages that should not be let in, and of tokens in addresses."""
    for text in sorted({*options().allowed_origins, *cors.CORS_ALLOWED_ORIGINS}):
        if text.lower().startswith("http://") and not is_loopback(_host(text)):
            yield finding("hoardrun.W006", origin=text)
    if options().allow_query_token:
        yield finding("hoardrun.I011")


@register(Tags.security, deploy=True)
def check_proxies(**kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of proxies that are believed without reason, or not at all."""
    proxies = settings.TRUSTED_PROXIES
    for text in proxies:
        if _is_everybody(text):
            yield finding("hoardrun.W008", proxy=text)
        elif not _is_address(text):
            yield finding("hoardrun.W009", proxy=text)
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and not proxies:
        yield finding("hoardrun.W010")


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
