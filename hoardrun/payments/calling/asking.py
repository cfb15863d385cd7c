"""Send a request to a provider with its token, and once more with a new one if that was refused.

What an answer means is the matter of `calls`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from hoardrun.payments.calling.tokens import NoToken, Tokens
from hoardrun.payments.providers.interface import AnyProvider, Kind, Request
from hoardrun.payments.providers.settings import keys_of
from realtime.outgoing import Reply, client

logger = logging.getLogger(__name__)

READ_SECONDS = 20.0  # that a token of MTN may take
_tokens = Tokens()


class Unbuilt(Exception):
    """The keys make no request, as with letters in a shortcode."""


def asked(
    provider: AnyProvider,
    kind: Kind,
    base_url: str,
    build: Callable[[str], Request | None],
    refuses_token: Callable[[Reply], bool],
) -> Reply | None:
    """Send a request; with a new token once more, if the one that it had was refused.

    None: there is nothing to send. Raises NoToken or Unbuilt if nothing could be sent.
    """
    reply: Reply | None = None
    for _ in range(2):
        try:
            token, renew = _token(provider, kind, base_url)
        except NoToken:
            if reply is None:
                raise
            break  # the first try was refused: that counts
        try:
            request = build(token)
        except Exception as error:
            logger.exception("%s: its keys make no request", provider.name)
            raise Unbuilt from error
        if request is None:
            return None
        reply = _send(base_url, request)
        if renew is None or not refuses_token(reply):
            break
        renew()
    return reply


def _token(
    provider: AnyProvider, kind: Kind, base_url: str
) -> tuple[str, Callable[[], None] | None]:
    """Return the token of calls of a kind, and what forgets it. Raises NoToken."""
    request = provider.token(keys_of(provider.name, kind), kind)
    if request is None:
        return "", None
    value = _tokens.get(provider, base_url, request, lambda asked: _send(base_url, asked))
    return value, lambda: _tokens.drop(base_url, request, value)


def _send(base_url: str, request: Request) -> Reply:
    return client(read_seconds=READ_SECONDS).call(
        request.method, f"{base_url}{request.path}", headers=request.headers, body=request.body
    )
