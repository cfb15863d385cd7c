"""A webhook as it came, and what a provider says by it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import parse_qsl

import msgspec

from notifications.delivery.receipts import Heard
from notifications.kinds import Channel
from realtime.core.text import is_text
from realtime.errors import InvalidInput

MAX_FIELDS = 100
MAX_KEY = 200  # characters of what names an event, as the column has them


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One request to `/hooks/<code>/<token>` or `/hooks/<code>/<token>/<topic>`."""

    token: str
    topic: str  # what it is about, where a provider has several URLs; empty: reports
    url: str  # the public one, as the provider was given it
    body: bytes
    headers: Mapping[str, str]  # names in small letters


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an SMS that has ended or begun something."""

    address: str
    question: str
    text: str
    language: str
    user_id: int  # 0 where nobody has proven the number


class Texted(msgspec.Struct, frozen=True, kw_only=True):
    """An SMS that somebody has sent to us."""

    event_key: str
    address: str
    text: str


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants no optional messages at an address any more, or wants them again."""

    channel: Channel
    address: str
    wants: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """All that one webhook says."""

    heard: tuple[Heard, ...] = ()
    texted: tuple[Texted, ...] = ()
    left: tuple[Left, ...] = ()


class Source(Protocol):
    """A provider that calls us. A further one is one file, and one line of the registry."""

    provider: str  # as in `Provider.name`
    answers_by_sms: bool  # an SMS is answered by another one, not by what its request is answered

    def is_ours(self, incoming: Incoming) -> bool:
        """Say whether the token is one that we have given to this provider."""

    def is_proven(self, incoming: Incoming) -> bool | None:
        """Say whether the signature is right; None where the provider signs nothing."""

    def read(self, incoming: Incoming) -> Said:
        """Read what it says. Raises InvalidInput for what cannot be read."""

    def reply(self, answers: Sequence[Answer]) -> tuple[str, str]:
        """Return the body of what its request is answered, and its type."""


def form(body: bytes) -> dict[str, str]:
    """Read a form; of a repeated field the last. Raises InvalidInput."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError:  # no UTF-8, or too many fields
        raise InvalidInput("body", "It is no form that can be read.") from None
    if not all(is_text(name) and is_text(value) for name, value in pairs):
        raise InvalidInput("body", "It holds characters that are not text.")
    return dict(pairs)


def wanted(fields: Mapping[str, str], *names: str) -> list[str]:
    """Return the values of fields, none of which may be empty. Raises InvalidInput."""
    missing = [name for name in names if not fields.get(name)]
    if missing:
        raise InvalidInput(missing[0], "It is missing.")
    return [fields[name] for name in names]
