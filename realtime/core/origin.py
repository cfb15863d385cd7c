"""Which web pages may open a socket: the defence against cross-site WebSocket hijacking.

A browser sends the page's origin as RFC 6454 serialises it: `scheme://host[:port]`, in
lower case, without a default port. A page within an app has what its toolkit says, such as
`capacitor://localhost`. Anything in another form is no browser's, so origins are compared as
text, byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

# As a regular expression, for the HTTP API's library too: a page of this machine, on any port.
LOOPBACK = r"^https?://(localhost|127\.0\.0\.1|\[::1\])(:[1-9][0-9]{0,4})?\Z"
TELL_SECONDS = 60.0
MAX_TOLD = 20  # origins
MAX_SHOWN = 100  # characters
_DEFAULT_PORTS = {"http": 80, "https": 443}
# A page of these has the origin `null`, or it is the address of a socket and no page.
_NO_PAGE = {"file", "data", "blob", "about", "javascript", "filesystem", "ftp", "ws", "wss"} | {
    *_DEFAULT_PORTS  # in capital letters: read below, in small ones
}
_OF_APP = re.compile(r"[a-z][a-z0-9+.-]*+://[A-Za-z0-9._~-]++(:[1-9][0-9]{0,4})?")


def is_loopback(host: str | None) -> bool:
    """Say whether a host name or address is this very machine."""
    name = (host or "").strip("[]").rstrip(".").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.removeprefix(".") == "localhost" or name.endswith(".localhost")


def serialise(scheme: str, host: str, port: int | None) -> str:
    """Write an origin as browsers do."""
    port_text = "" if port in (None, _DEFAULT_PORTS.get(scheme)) else f":{port}"
    return f"{scheme}://{host.lower()}{port_text}"


def parse_allowed(origin: str) -> str:
    """Read an origin from the settings. Raises ValueError for what no page can have.

    Those of apps (`capacitor://localhost`) stay as they are: each toolkit writes them its way.
    """
    scheme, separator, _ = origin.partition("://")
    if separator and scheme not in _DEFAULT_PORTS and scheme.lower() not in _NO_PAGE:
        if _OF_APP.fullmatch(origin):
            return origin
        raise ValueError(f"{origin!r} is no origin; write it as capacitor://localhost")
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


@cache
def allowed(origins: tuple[str, ...]) -> frozenset[str]:
    """Read a list of them, once. Raises ValueError as `parse_allowed` does."""
    return frozenset(map(parse_allowed, origins))


def is_allowed(
    origins: Sequence[bytes],
    *,
    allowed: Collection[str],
    own: str | None,
    has_credential: bool,
    loopback: bool = False,
) -> bool:
    """Judge the Origin headers of a handshake.

    `own` is the origin of pages that this very server serves. Without the header it is no
    browser; let it in if it brought a credential, which no page could have made it send.
    With `loopback`, any page of this machine may.
    """
    if not origins:
        return has_credential
    if len(origins) > 1:
        return False
    text = origins[0].decode("latin-1")
    if loopback and re.match(LOOPBACK, text):
        return True
    return text in allowed or (own is not None and text == own)


class Told:
    """Which origins the log has told of within a minute; clients choose them, so not all."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def tell(self, origin: bytes, now: float) -> str | None:
        """Return how to write an origin in a line of a log, or None if it is no news."""
        shown = ascii(origin[:MAX_SHOWN].decode("latin-1"))
        self._at = {each: at for each, at in self._at.items() if now - at < TELL_SECONDS}
        if shown in self._at or len(self._at) >= MAX_TOLD:
            return None
        self._at[shown] = now
        return shown
