"""The program of a client, by the User-Agent that it sends. Pure."""

from __future__ import annotations

import re

MAX_LENGTH = 200  # characters that are kept
# The first that is found names it: most browsers claim to be the ones below them as well.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_PRODUCT = re.compile(r"[^\s/()]+")


def cleaned(user_agent: str) -> str:
    """Return what is kept of a User-Agent: printable, and at most MAX_LENGTH characters."""
    text = user_agent[:MAX_LENGTH]
    return text if text.isprintable() else "".join(filter(str.isprintable, text))


def name_of(user_agent: str) -> str:
    """Name a program for people, such as `Firefox, Linux` or `hoardrun-python`.

    Empty for one that does not say what it is.
    """
    if not user_agent.startswith("Mozilla/"):
        product = _PRODUCT.match(user_agent)
        return product.group() if product else ""
    return ", ".join(filter(None, (_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))))


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in known if mark in user_agent), "")
