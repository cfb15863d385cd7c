"""Take credentials out of whatever is about to be logged."""

from __future__ import annotations

import logging
import re

_CREDENTIAL = re.compile(
    r"""(?ix)
    ( [?&](?:token|ticket|access|refresh)=          # in a URL
    | authorization['"]?\s*[:=,]\s*['"]?(?:bearer\s+)?  # in a header
    | bearer[.\s]                                   # in a subprotocol
    )
    [^\s&'",;)\]]+
    """
)
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")


def redact(text: str) -> str:
    """Replace every token, ticket and bearer credential in `text`."""
    return _JWT.sub("[redacted]", _CREDENTIAL.sub(r"\1[redacted]", text))


class RedactCredentials(logging.Filter):
    """A logging filter that never drops a record, only the secrets in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_text is None:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True
