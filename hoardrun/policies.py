"""Middleware: what browsers and caches may do with an answer, unless it says so itself.

Nothing is stored on the way or on disk: private data is a user's. A page runs and loads
its own files only, with no script or style inside it; what is no page, nothing at all. Static
files are public and come with headers of their own.
"""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hoardrun import marking

POLICY = "Content-Security-Policy"
_OWN = ("script-src", "style-src", "img-src", "font-src", "connect-src")
OF_PAGES = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind} 'self'" for kind in _OWN),
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
OF_DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def _mark(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    is_static = request.path.startswith(settings.STATIC_URL)
    if is_static and response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    response.headers.setdefault("Cache-Control", "no-store")
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    # Under DEBUG, Django's own pages of errors are made of scripts and styles within them.
    if not (settings.DEBUG and is_page and response.status_code >= HTTPStatus.BAD_REQUEST):
        response.headers.setdefault(POLICY, OF_PAGES if is_page else OF_DATA)
    return response


add_policies = marking.middleware(_mark)  # to every answer but static files
