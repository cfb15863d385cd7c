"""Which web pages may open a socket: the defence against cross-site WebSocket hijacking.

A browser sends the page's origin as RFC 6454 serialises it: `scheme://host[:port]`, in
lower case, without a default port. Anything in another form is no browser's, so origins
are compared as text, byte by byte.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def serialise(scheme: str, host: str, port: int | None) -> str:
    """Write an origin as browsers do."""
    port_text = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{host.lower()}{port_text}"


def parse_allowed(origin: str) -> str:
    """Read an origin from the settings. Raises ValueError for what no page can have."""
    parts = urlsplit(origin)
    if (
        parts.scheme not in _DEFAULT_PORTS
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
        or "*" in parts.netloc
    ):
        raise ValueError(f"{origin!r} is no origin; write it as https://app.example.com")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = host.encode("idna").decode() if not host.isascii() else host
    return serialise(parts.scheme, host, parts.port)


def is_allowed(
    origins: Sequence[bytes],
    *,
    allowed: Collection[str],
    own: str | None,
    has_credential: bool,
) -> bool:
    """Judge the Origin headers of a handshake.

    `own` is the origin of pages that this very server serves. Without the header it is no
    browser; let it in if it brought a credential, which no page could have made it send.
    """
    if not origins:
        return has_credential
    if len(origins) > 1:
        return False
    text = origins[0].decode("latin-1")
    return text in allowed or (own is not None and text == own)
