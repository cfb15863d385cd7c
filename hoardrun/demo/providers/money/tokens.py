"""The tokens with which merchants call: each opens one provider, or one product of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable


class Tokens:
    """Tokens and when they end, by the providers' clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._issued: dict[str, tuple[str, float]] = {}

    def issue(self, scope: str, seconds: float) -> str:
        """Return a new token for a scope, such as `mtn collection`."""
        token = secrets.token_urlsafe(32)
        self._issued[token] = scope, self._now() + seconds
        return token

    def holds(self, scope: str, token: str) -> bool:
        """Say whether a token opens the calls of a scope."""
        found, until = self._issued.get(token, ("", 0.0))
        return found == scope and until > self._now()

    def was_issued(self, token: str) -> bool:
        return token in self._issued

    def end(self, provider: str) -> None:
        """End all tokens of a provider."""
        for token, (scope, _) in list(self._issued.items()):
            if scope.startswith(provider):
                self._issued[token] = scope, 0.0
