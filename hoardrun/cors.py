"""Which pages of other origins may call the HTTP API: judged as the gate judges sockets."""

from __future__ import annotations

from urllib.parse import SplitResult

from corsheaders.conf import conf
from corsheaders.middleware import CorsMiddleware as Library

from realtime.core import origin


class CorsMiddleware(Library):
    """The library's, which compares origins as text, byte by byte, and not by their parts."""

    def origin_found_in_white_lists(self, origin_header: str, url: SplitResult) -> bool:
        """Say whether CORS_ALLOWED_ORIGINS, or a pattern of DEBUG, has the origin."""
        allowed = origin.allowed(tuple(conf.CORS_ALLOWED_ORIGINS))
        return origin_header in allowed or self.regex_domain_match(origin_header)
