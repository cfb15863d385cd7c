"""Logging: takes secrets, addresses of people and pages of traceback out of each record."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

# Strangers choose what is logged. Each pattern takes a credential whole, or fails within a few
# characters of where it began: the time is proportional to the length of the text.
_CREDENTIAL = re.compile(
    r"""(?ix)
    ( [?&](?:token|ticket|access|refresh)=          # in a URL
    | authorization['"]?+\s*+[:=,]\s*+['"]?+(?:bearer\s++)?  # in a header
    | bearer[.\s]                                   # in a subprotocol
    | /hooks/\w++/ | /u/                            # in a path: a webhook's, an unsubscribing
    )
    [^\s&'",;)\]]++
    """
)
_JWT = re.compile(r"eyJ[\w.-]{5,}+")  # base64 of the beginning of JSON: every token begins so
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+)+")
# International ones, and those of the countries that we serve as their providers write them.
_PHONE = re.compile(r"(?<![\w.-])(?:\+\d{9,15}+|(?:256|254|255|233|234|27)\d{9}+)(?![\w-])")
MIN_SECRET = 8  # characters of a text of the settings that is taken out wherever it stands
_OF_JSON = re.compile(r'"[^"]*(?:key|secret|password|token)[^"]*"\s*:\s*"([^"]+)"', re.IGNORECASE)
_settings: re.Pattern[str] | None = None
MAX_MESSAGE = 8 * 1024  # characters of one record
MAX_TRACEBACK = 32 * 1024
# uvicorn's own command says it of each handshake that we have refused with a status.
_REFUSED = "ASGI callable returned without completing handshake."
REPEAT_SECONDS = 10.0  # between two equal messages of the pool


def config(
    level: str, form: str = "line", also: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return LOGGING: one line an event on stderr, for people (`line`) or as JSON (`json`).

    `also` are further handlers by their names, which see what stderr does: each record filtered.
    """
    filters = ["once", "brief", "redact"]
    others = {name: {**handler, "filters": filters} for name, handler in (also or {}).items()}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "once": {"()": "hoardrun.logs.SaidOnce"},
            "brief": {"()": "hoardrun.logs.OneLineOutages"},
            "redact": {"()": "hoardrun.logs.RedactCredentials"},
        },
        "formatters": {
            "line": {"()": "hoardrun.log_lines.Lines"},
            "json": {"()": "hoardrun.log_lines.JsonLines", "redact": redact},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": form,
                "filters": filters,
            },
            **others,
        },
        # Handlers of their own would print tokens, and all twice; all goes through the above.
        "loggers": {
            name: {"handlers": [], "propagate": True}
            for name in (
                "django",
                "uvicorn",
                "uvicorn.error",
                "uvicorn.access",
                "daphne",
                "django.server",
            )
        }
        # At DEBUG they write the headers of outgoing calls, which hold keys and addresses.
        | {name: {"level": "WARNING"} for name in ("hpack", "httpcore")},
        "root": {"handlers": ["stderr", *others], "level": level},
    }


def hide(secrets: Iterable[str]) -> None:
    """Take these texts of the settings out of all that is logged, wherever they stand.

    Of a URL the password is taken; of JSON what is named a key, a secret, a password or a token;
    of a list, and of a key in several lines, each part. Short ones would be found in any text.
    """
    global _settings
    parts = {part for text in secrets for part in _parts(text) if len(part) >= MIN_SECRET}
    longest_first = sorted(parts, key=len, reverse=True)
    _settings = re.compile("|".join(map(re.escape, longest_first))) if parts else None


def _parts(text: str) -> Iterator[str]:
    if text.startswith("{"):
        for found in _OF_JSON.findall(text):
            yield from found.split("\\n")
    elif "://" in text:
        for url in text.split(","):
            password = urlsplit(url).password or ""
            yield from (password, unquote(password))
    else:
        yield from (part for part in re.split(r"[\s,]+", text) if "-----" not in part)


def redact(text: str) -> str:
    """Replace every credential, secret of the settings, e-mail address and phone in `text`."""
    text = _CREDENTIAL.sub(r"\1[redacted]", text)
    if "eyJ" in text:
        text = _JWT.sub("[redacted]", text)
    if _settings is not None:
        text = _settings.sub("[redacted]", text)
    if "@" in text:
        text = _EMAIL.sub("[e-mail]", text)
    return _PHONE.sub("[phone]", text)


class RedactCredentials(logging.Filter):
    """A logging filter that never drops a record, only the secrets in it and what is too long.

    A record is cut before it is searched. Of a traceback the middle goes, in whole lines: the
    end of a token whose beginning was cut off would not be found.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = redact(_cut(message, MAX_MESSAGE))
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_text is None:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(_cut_middle(record.exc_text, MAX_TRACEBACK))
        if record.stack_info:
            record.stack_info = redact(_cut_middle(record.stack_info, MAX_TRACEBACK))
        return True


def _cut(text: str, most: int) -> str:
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]} [{left_out} more characters]"


def _cut_middle(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    head, tail = text[: most // 2], text[-(most // 2) :].partition("\n")[2]
    return f"{head}\n[{len(text) - len(head) - len(tail)} characters left out]\n{tail}"


class OneLineOutages(logging.Filter):
    """A logging filter that tells of a lost connection to Redis or PostgreSQL in one line.

    The channel layer and its client log each with two tracebacks, several a second; the pool
    of connections says the same of every attempt of each of its workers; each request that waited
    for a connection in vain would leave a traceback of its own.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._said, self._said_at = "", 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info and record.name != "psycopg.pool":
            return True  # as nearly all are
        error = record.exc_info[1] if record.exc_info else None
        library = record.name.partition(".")[0]
        if type(getattr(error, "__cause__", None)).__name__ == "PoolTimeout":
            record.msg, record.args = f"{record.getMessage()}: {error}", None
            record.exc_info = None
        if library in {"channels_redis", "redis"} and error is not None:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = (
                f"{record.getMessage()}: {type(error).__name__}: {error}",
                None,
            )
            record.exc_info = None
        if record.name == "psycopg.pool":
            record.msg, record.args = " ".join(record.getMessage().split()), None
            if record.msg == self._said and record.created - self._said_at < REPEAT_SECONDS:
                return False
            self._said, self._said_at = record.msg, record.created
        return True


class SaidOnce(logging.Filter):
    """A logging filter that keeps Django from calling an answer of ours a fault.

    Its line of a 4xx, or of a 503 that we chose to answer, is dropped: `hoardrun.requests` has
    one of every request. So are the servers' own lines of requests. An outage has a line that says
    what is away. Faults of a client, such as a `Host` that is not ours or a filter that a
    page of the admin does not have, is a warning in one line, without the traceback.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "uvicorn.access" or (
            record.name == "django.channels.server" and record.getMessage().startswith("HTTP ")
        ):
            return False
        if record.name.startswith("django.security."):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = None
        if record.name == "uvicorn.error" and record.msg == _REFUSED:
            record.levelno, record.levelname = logging.INFO, "INFO"
        if record.name != "django.request":
            return True
        is_chosen = getattr(record, "status_code", None) == HTTPStatus.SERVICE_UNAVAILABLE
        return record.levelno >= logging.ERROR and not is_chosen
