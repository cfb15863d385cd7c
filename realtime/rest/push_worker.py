"""The service worker of push messages, at a path of the site's own.

A worker is responsible for what is below its own path, and static files may be on another host: so
this is one line that imports the file, as sites that embed the bell have one of their own.
"""

from __future__ import annotations

import json
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

FILE = "realtime/pushworker.js"


@csrf_exempt  # a check would read the body as a form
@require_safe
def push_worker(request: HttpRequest) -> HttpResponse:
    """Serve the worker, under a policy that lets it import that file and post receipts here."""
    # A browser looks for a new version by this text: so the version is in it.
    place = f"{static(FILE)}?v={quote(settings.VERSION)}"
    response = HttpResponse(
        f"importScripts({json.dumps(place)});\n", content_type="text/javascript; charset=utf-8"
    )
    host = urlsplit(place).netloc
    scripts = f"'self' {host}" if host else "'self'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {scripts}; connect-src 'self'; frame-ancestors 'none'"
    )
    return response
