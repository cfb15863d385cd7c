"""Turn the end of an HTTP call into an answer, by rules that all providers share. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from notifications.channels.message import Answer, Verdict
from realtime.outgoing import Outcome, Reply

# Characters that are stored of a provider's code, and of its id.
MAX_CODE, MAX_ID = 100, 200


class Meaning(msgspec.Struct, frozen=True):
    """The meaning of a provider's code: a row of its table."""

    outcome: Outcome
    verdict: Verdict = ""
    our_mistake: bool = False


ACCEPTED = Meaning(Outcome.ACCEPTED)
LATER = Meaning(Outcome.LATER)
UNKNOWN = Meaning(Outcome.UNKNOWN)
REFUSED = Meaning(Outcome.REFUSED)  # this message, here; another provider may take it
MISTAKE = Meaning(Outcome.REFUSED, our_mistake=True)
INVALID = Meaning(Outcome.REFUSED, "invalid")
GONE = Meaning(Outcome.REFUSED, "gone")
OPTED_OUT = Meaning(Outcome.REFUSED, "opted_out")


def by_transport(reply: Reply) -> Answer:
    """Answer by the HTTP status alone, or by why there is none. A wrong key is our mistake."""
    return Answer(
        outcome=reply.outcome,
        status=reply.status,
        code="" if reply.status else reply.error,
        retry_after_seconds=reply.retry_after_seconds,
        our_mistake=reply.status in {400, 401, 403, 404, 405, 415},
    )


def by_code(reply: Reply, code: object, meaning: Meaning) -> Answer:
    """Answer by a code of the provider's own."""
    return Answer(
        outcome=meaning.outcome,
        status=reply.status,
        code=str(code)[:MAX_CODE],
        retry_after_seconds=(
            reply.retry_after_seconds if meaning.outcome is Outcome.LATER else None
        ),
        verdict=meaning.verdict,
        our_mistake=meaning.our_mistake,
    )


def identifier(text: object) -> str | None:
    """Return a provider's id, or its hash if it is longer than what is stored."""
    if not isinstance(text, str) or not text:
        return None
    return text if len(text) <= MAX_ID else sha256(text.encode()).hexdigest()


def json_object(reply: Reply) -> Mapping[str, Any] | None:
    """Read the body as a JSON object; None if it is none, or has been cut."""
    if not reply.is_whole:
        return None
    try:
        found = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None
