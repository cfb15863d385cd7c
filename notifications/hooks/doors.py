"""The base of views that take a signed token in place of a login."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView


class Door(APIView):
    """Count a request only if its token is not ours, as one of a stranger.

    Providers of SMS and e-mail send for many people from few addresses, and many phones share one.
    """

    authentication_classes = ()
    permission_classes = ()
    methods: ClassVar[frozenset[str]] = frozenset({"POST"})  # that take a token

    def get_throttles(self) -> list[BaseThrottle]:
        return [] if self.request.method in self.methods else super().get_throttles()

    def count_stranger(self, request: Request) -> None:
        """Count a request without a token of ours. Raises Throttled."""
        for throttle in super().get_throttles():
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait() or 0)
