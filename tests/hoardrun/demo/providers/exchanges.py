"""Replay an exchange of the table of literal requests and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpcore

from hoardrun.demo.providers import literal


def exchanges(*names: str) -> list[tuple[str, str]]:
    """Return provider and name of each exchange that begins with a request."""
    return [
        (provider, name)
        for provider in names
        for name, found in literal.table()[provider].items()
        if "request" in found
    ]


def call(
    http: Any, origin: str, provider: str, name: str, values: Mapping[str, str]
) -> httpcore.Response:
    """Send a request of the table; `values` stand for its `<names>`."""
    request = re.sub(
        r"<(\w+)>", lambda found: values[found[1]],
        literal.table()[provider][name]["request"].strip("\n").replace("<body>", "\0"),
    )  # fmt: skip
    first, headers, body = literal.parts(request)
    method, path = first.split(" ")
    content = body.replace("\0", values.get("body", "")).encode("latin-1")
    found: httpcore.Response = http.request(
        method, origin + path, headers=headers, content=content or None
    )
    return found


def same(provider: str, name: str, reply: httpcore.Response) -> None:
    """Raise AssertionError where a reply is not the answer of the table."""
    first, headers, body = literal.parts(literal.table()[provider][name]["answer"])
    assert reply.status == int(first)
    given = {key.decode().lower(): value.decode() for key, value in reply.headers}
    for key, value in headers.items():
        assert _fits(value, given[key.lower()]), key
    assert _fits(body, reply.content.decode()), reply.content


def _fits(pattern: str, found: str) -> bool:
    """Compare literally; `<name>` stands for anything."""
    pieces = [re.escape(piece) for piece in re.split(r"<\w+>", pattern)]
    return re.fullmatch(".+?".join(pieces), found, re.DOTALL) is not None
