"""What an answer says before its body is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from hoardrun.payments.codes import UNKNOWN, Meaning, Table
from hoardrun.payments.evidence import Claim, Source
from hoardrun.payments.providers.interface import Token, Verdict
from hoardrun.payments.reading import Unreadable, amount, read_object, text
from realtime.outgoing.outcome import Outcome
from realtime.outgoing.reply import Reply

# Numbers without a detour by float, as Airtel and Daraja want amounts.
_ENCODER = msgspec.json.Encoder(decimal_format="number")
NOT_SENT = Meaning(Claim.NOT_PAID, "not_sent", retry_safe=True)
# A URL that may not be called, or a request that cannot be written: the next one would fail, too.
NEVER_SENT = Meaning(Claim.NOT_PAID, "config", retry_safe=True, alarm=True)
TIMEOUT = Meaning(Claim.UNKNOWN, "timeout")
NO_ANSWER = Meaning(Claim.UNKNOWN, "no_answer")
TOKEN = Meaning(Claim.UNKNOWN, "token")
UNREADABLE = Meaning(Claim.UNKNOWN, "unreadable")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_BEFORE_THE_END = 0.8  # tokens are fetched anew at this part of their life


def encode(body: Mapping[str, Any]) -> bytes:
    return _ENCODER.encode(body)


def body_of(reply: Reply) -> dict[str, Any] | None:
    """Return the object in an answer; None if there is none that can be read whole."""
    return object_of(reply.body) if reply.is_whole else None


def object_of(raw: bytes) -> dict[str, Any] | None:
    """Return the object in a body; None if there is none."""
    try:
        return read_object(raw)
    except Unreadable:
        return None


def meaning_of_status(table: Table, reply: Reply, code: str) -> Meaning:
    """Look up an HTTP status with the code in its body, the code, and the status alone."""
    if reply.outcome is Outcome.NOT_SENT:
        return NOT_SENT
    if reply.status is None:
        return NEVER_SENT if reply.outcome is Outcome.REFUSED else TIMEOUT
    keys = (f"{reply.status} {code}", code, str(reply.status))
    found = next((table[key] for key in keys if key in table), None)
    return found or (TIMEOUT if reply.status >= 500 else UNKNOWN)


def meaning_of_look(reply: Reply) -> Meaning | None:
    """Return why a look told nothing; None if its body is to be read."""
    if reply.status is None:
        return NO_ANSWER
    if reply.status in {401, 403}:
        return TOKEN
    if reply.status == 429 or reply.status >= 500:
        return NO_ANSWER
    return None


def read_bearer(reply: Reply) -> Token | None:
    """Read a token as OAuth 2.0 has it; its life may be a text."""
    body = body_of(reply)
    if body is None or reply.status != 200:
        return None
    value, seconds = body.get("access_token"), amount(body.get("expires_in"))
    # It goes into a header, where it must not begin another one.
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or not seconds:
        return None
    return Token(value, float(seconds) * _BEFORE_THE_END)


def full_name(body: Mapping[str, Any], *names: str) -> str:
    """Return a name that is written in parts."""
    return " ".join(filter(None, (text(body.get(name)) for name in names)))


def source_of(verdict: Verdict) -> Source:
    """Return how much a callback counts."""
    return Source.SIGNED_CALLBACK if verdict is Verdict.GENUINE else Source.CALLBACK
