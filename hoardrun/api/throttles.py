"""How often somebody may ask over HTTP: counted in the cache, and by each process without it."""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle, UserRateThrottle
from rest_framework.views import APIView

from hoardrun.env import MAX_CACHED
from realtime.core.limits import network_of

logger = logging.getLogger(__name__)

_own = LocMemCache("throttles", {"OPTIONS": {"MAX_ENTRIES": MAX_CACHED}})


class _Persistent(SimpleRateThrottle):
    """Go on counting where Redis is away: neither refuse everybody then, nor let all guess."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except (RedisError, OSError) as error:
            logger.warning("this process counts for itself: %r", error)
            self.cache = _own
            return bool(super().allow_request(request, view))


class LoginThrottle(_Persistent):
    """Slow down guessing: attempts are counted by address and name together."""

    scope = "login"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        # As the logins read it: neither blanks, nor case, nor another way to write the same
        # letters (which forms take for the same) must begin a new count.
        name = unicodedata.normalize("NFKC", self.get_name(request)).strip().casefold()
        text = f"{self.get_ident(request)} {name}"
        return f"throttle-login-{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"

    def get_name(self, request: Any) -> str:
        data: Any = request.data
        return str(data.get("username")) if isinstance(data, Mapping) else ""

    def get_ident(self, request: Request) -> str:
        """Return the peer's address; believe X-Forwarded-For only with NUM_PROXIES set."""
        if api_settings.NUM_PROXIES is None:
            return network_of(str(request.META.get("REMOTE_ADDR", "")))
        return str(super().get_ident(request))


class FormThrottle(LoginThrottle):
    """The same counts, for a login by a form."""

    def get_name(self, request: Any) -> str:
        return str(request.POST.get("username"))

    def allows(self, request: HttpRequest) -> bool:
        """Count one attempt; False if it is one too many."""
        return self.allow_request(request, None)  # type: ignore[arg-type]  # it reads META and POST


class TicketThrottle(_Persistent, UserRateThrottle):
    scope = "ticket"


class BroadcastThrottle(_Persistent, ScopedRateThrottle):
    """Count each user's requests to the views of one `throttle_scope`."""
