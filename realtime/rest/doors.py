"""The base of views that take a signed token in place of a login."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from realtime.errors import NotFound
from realtime.meters import meters


class Door(APIView):
    """Count a request only if its token is not ours, as one of a stranger.

    Providers of SMS and e-mail send for many people from few addresses, and many phones share one.
    """

    authentication_classes = ()
    permission_classes = ()
    methods: ClassVar[frozenset[str]] = frozenset({"POST"})  # that take a token
    counted_as: tuple[str, str] | None = None  # a limit, and what it counts; None: an address

    def get_throttles(self) -> list[BaseThrottle]:
        return [] if self.request.method in self.methods else super().get_throttles()

    def unknown(self, request: Request) -> NotFound:
        """Count a request whose path is none of ours; return its refusal. Raises Throttled."""
        count("unknown")
        self.count_stranger(request)
        return NotFound("There is nothing here.")

    def count_path(self, request: Request, name: str) -> None:
        """Count a request by its path, so that no provider takes all. Raises Throttled."""
        self.counted_as = ("webhook", name)
        self._take(request)

    def count_stranger(self, request: Request) -> None:
        """Count a request without a token of ours. Raises Throttled."""
        self.counted_as = None
        self._take(request)

    def _take(self, request: Request) -> None:
        for throttle in super().get_throttles():
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait() or 0)


def count(outcome: Any) -> None:
    """Count a webhook by what became of it."""
    with meters.lock:
        meters.webhooks[outcome] += 1
