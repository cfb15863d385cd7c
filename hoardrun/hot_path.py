"""ASGI middleware: probes and hot reads are answered before Django, at a tenth of the cost.

Only what is plain is answered here, and only with 200 (a probe also with 503): a GET of a probe or
of a `HotRead`, by the token of a valid login within its limits, with headers that change nothing.
All else goes to Django as it came, and every refusal is Django's. A hot read changes threads once,
asks the database for the login and for the rows, and counts in the cache as any read does.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.urls import URLPattern, URLResolver, get_resolver

from hoardrun import health
from hoardrun.api import throttles
from hoardrun.envelopes import Envelope, Envelopes, Kind
from hoardrun.hot_threads import HotThreads
from hoardrun.request_id import chosen
from realtime import log_context
from realtime.access import tokens
from realtime.access.validity import is_login_valid
from realtime.core import heads
from realtime.errors import Refused
from realtime.rest.authentication import bearer_of
from realtime.rest.hot import HotRead

logger = logging.getLogger(__name__)

MAX_WAITING = 256  # requests; more go to Django, whose own waits end with an error
AWAY_SECONDS = 10.0  # for how long a database that failed is not asked by a hot read again
_HEADERS = frozenset(
    {
        b"accept", b"authorization", b"content-length", b"content-type", b"cookie", b"host",
        b"origin", b"transfer-encoding", b"x-forwarded-proto", b"x-request-id",
    }
)  # fmt: skip
# Rules of a view that go beyond a plain read: Django answers a view that has any.
_RULES = ("authentication_classes", "permission_classes", "throttle_classes", "own_throttles")
# A request with exactly one of these gets JSON; Django judges any other `Accept`.
_JSON = frozenset({b"application/json", b"application/*", b"*/*"})
_PLAIN_COOKIE = re.compile(rb"[ !-\[\]-~]*")  # without a backslash, which may stand for anything


class _Ask(NamedTuple):
    view: type[HotRead]
    query: bytes
    token: bytes
    kind: Kind


class _Answer(NamedTuple):
    user_id: int
    body: bytes
    envelope: Envelope
    link: str | None


class HotPath:
    """Answers probes and hot reads; hands everything else to the application."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._views: dict[str, type[HotRead]] | None = None
        self._allow: dict[type[HotRead], bytes] = {}
        self._envelopes: Envelopes | None = None
        self._of_probes: dict[tuple[str, str, bytes], Envelope | None] = {}
        self._threads = HotThreads()
        # Of its own: the others may all wait for a database that hangs.
        self._probe_thread = ThreadPoolExecutor(1, thread_name_prefix="hoardrun-probe")
        self._waiting = 0
        self._asks_again: float | None = None  # monotonic, while the database is away

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        if method == "GET" and (view := self._hot_views().get(path)) is not None:
            if await self._read(view, path, scope, send):
                return
        elif health.PROBES.fullmatch(path) and method in {"GET", "HEAD"}:  # noqa: SIM102
            if await self._probe(path, scope, send):
                return
        await self._app(scope, receive, send)

    def close(self) -> None:
        """End the threads, and give their connections back."""
        self._probe_thread.shutdown()
        self._threads.close()

    # -- probes

    async def _probe(self, path: str, scope: Any, send: Any) -> bool:
        """Answer a probe; return False if it must go to Django."""
        found = _found(scope)
        if found is None or b"origin" in found or _has_body(found):
            return False
        key = (path, scope.get("scheme", "http"), found.get(b"x-forwarded-proto", b""))
        if key not in self._of_probes:
            kind = Kind(*key[:2], b"localhost", b"", key[2])
            if len(self._of_probes) >= MAX_WAITING:  # a client invents schemes
                return False
            loop = asyncio.get_running_loop()
            made = loop.run_in_executor(self._probe_thread, self._envelope, kind)
            self._of_probes[key] = await made
        envelope = self._of_probes[key]
        if envelope is None:
            return False
        answer = await health.probe(path)
        if answer is None:
            return False
        await _send(send, *answer, envelope, found)
        return True

    # -- reads

    async def _read(self, view: type[HotRead], path: str, scope: Any, send: Any) -> bool:
        """Answer a read; return False if it must go to Django."""
        found = _plain(scope)
        if found is None or self._waiting >= MAX_WAITING or self._is_away():
            return False
        token, host = bearer_of(found.get(b"authorization", b"")), found.get(b"host")
        if not token or not host:
            return False
        origin, forwarded = found.get(b"origin", b""), found.get(b"x-forwarded-proto", b"")
        kind = Kind(path, scope.get("scheme", "http"), host, origin, forwarded)
        self._waiting += 1
        try:
            answer = await self._threads.run(
                self._answer, _Ask(view, scope["query_string"], token, kind)
            )
        finally:
            self._waiting -= 1
        if answer is None:
            return False
        if (work := log_context.work.get()) is not None:
            work.user = answer.user_id
        more = [(b"allow", self._allow[view])]
        if answer.link is not None:
            more.append((b"link", answer.link.encode("latin-1")))
        await _send(send, 200, answer.body, answer.envelope, found, more)
        return True

    def _answer(self, ask: _Ask) -> _Answer | None:
        """Return the answer, or None if Django must say why there is none.

        A thread waits for a database that is away until the pool gives up. So of all that wait for
        a thread then, one tries it in AWAY_SECONDS, and the others are left to Django at once.
        """
        if self._is_away():
            return None
        identity = tokens.verify(ask.token)
        if identity is None:
            return None
        plan = ask.view.plan(ask.kind.path, ask.query)  # not for strangers: it takes its time
        if plan is None:
            return None
        if self._asks_again is not None:
            self._asks_again = time.monotonic() + AWAY_SECONDS  # the others do not wait for this
        try:
            if not self._threads.connected(lambda: is_login_valid(identity)):
                return None
            self._asks_again = None
            envelope = self._envelope(ask.kind)
            if envelope is None:
                return None
            with throttles.reads(identity.user_id, ask.view.units) as is_allowed:
                if not is_allowed:
                    return None
                body, goes_on = self._threads.connected(
                    lambda: ask.view.body(identity.user_id, plan)
                )
        except (InterfaceError, OperationalError):
            self._asks_again = time.monotonic() + AWAY_SECONDS
            return None
        except (DatabaseError, Refused):
            return None
        except Exception:
            logger.exception("%s: Django is asked instead", ask.kind.path)
            return None
        address = plan.next if goes_on else None
        link = None if address is None else f'<{envelope.site}{address}>; rel="next"'
        return _Answer(identity.user_id, body, envelope, link)

    def _is_away(self) -> bool:
        asks_again = self._asks_again  # which another thread may change meanwhile
        return asks_again is not None and time.monotonic() < asks_again

    def _envelope(self, kind: Kind) -> Envelope | None:
        if self._envelopes is None:
            self._envelopes = Envelopes()
        return self._envelopes.of(kind)

    def _hot_views(self) -> Mapping[str, type[HotRead]]:
        if self._views is None:
            self._views = dict(_hot(get_resolver().url_patterns, "/"))
            for view in self._views.values():
                # Views that have GET get HEAD from Django.
                names = [n for n in view.http_method_names if n == "head" or hasattr(view, n)]
                self._allow[view] = ", ".join(names).upper().encode()
        return self._views


def _hot(patterns: Any, prefix: str) -> Iterator[tuple[str, type[HotRead]]]:
    """Find the paths of hot reads."""
    for each in patterns:
        route = f"{prefix}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _hot(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            view = getattr(each.callback, "cls", None)
            if isinstance(view, type) and issubclass(view, HotRead) and _is_for_every_user(view):
                yield route, view


def _is_for_every_user(view: type[HotRead]) -> bool:
    """Say whether a valid login and the limit on reads are all that a view asks for."""
    return all(getattr(view, name) == getattr(HotRead, name) for name in _RULES)


def _found(scope: Any) -> dict[bytes, bytes] | None:
    """Return the headers that count; None if they, or others, need a closer look."""
    headers = scope["headers"]
    if scope.get("root_path") or heads.is_too_dear(headers):
        return None
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _HEADERS:
            if name in found:
                return None
            found[name] = value
    return found


def _plain(scope: Any) -> dict[bytes, bytes] | None:
    """Return the headers that count for a read, if they change nothing in it; else None."""
    found = _found(scope)
    is_plain = (
        found is not None
        and not _JSON.isdisjoint(map(bytes.strip, found.get(b"accept", b"*/*").split(b",")))
        and not _has_body(found)
        and found.get(b"content-type", b"application/json") == b"application/json"
        and _is_plain_cookie(found.get(b"cookie", b""))
    )
    return found if is_plain else None


def _has_body(found: Mapping[bytes, bytes]) -> bool:
    return found.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in found


def _is_plain_cookie(cookie: bytes) -> bool:
    """Say whether cookies change nothing: Django may replace those of a session and of CSRF."""
    return not cookie or (
        settings.CSRF_COOKIE_NAME.encode() not in cookie
        and settings.SESSION_COOKIE_NAME.encode() not in cookie
        and _PLAIN_COOKIE.fullmatch(cookie) is not None
    )


async def _send(
    send: Any,
    status: int,
    body: bytes,
    envelope: Envelope,
    found: Mapping[bytes, bytes],
    more: list[tuple[bytes, bytes]] | None = None,
) -> None:
    given = found.get(b"x-request-id", b"").decode("latin-1")
    headers = [
        *envelope.headers,
        (b"x-request-id", (log_context.request_id() or chosen(given)).encode()),
        (b"content-length", str(len(body)).encode()),
        *(more or ()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
