"""The console at `/ws/test`: a page to log in, connect, send, and watch messages.

Its knowledge of the protocol is generated from `realtime.protocol`; the forms for staff come from
what apps register in `forms`.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from realtime.console import extras, forms
from realtime.protocol import PROTOCOL_VERSION, SUBPROTOCOL
from realtime.protocol.codes import CloseCode
from realtime.protocol.messages import PAYLOADS


@csrf_exempt  # a check would read the body as a form
@require_safe
@never_cache
def console(request: HttpRequest) -> HttpResponse:
    """Serve the page under a policy that allows only its own files to run.

    It is for those whom `page_response` serves.
    """
    return page_response(request, "realtime/console.html", configuration())


def page_response(request: HttpRequest, template: str, config: dict[str, Any]) -> HttpResponse:
    """Serve a page of the console's kind. `config` is what its script reads.

    404 unless settings.CONSOLE_ENABLED. Outside DEBUG it is for staff logged in to the admin and
    offers no demo users: others are redirected to the login, users without staff rights get 404.
    """
    if not settings.CONSOLE_ENABLED:
        raise Http404("The console is off; CONSOLE_ENABLED=1 turns it on.")
    if not settings.DEBUG and not admin.site.has_permission(request):
        if request.user.is_authenticated:
            raise Http404("The console is for staff.")
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    nonce = secrets.token_urlsafe(16)
    response = render(request, template, {"nonce": nonce, "config": config})
    response.headers["Content-Security-Policy"] = policy(nonce, request.get_host())
    return response


def policy(nonce: str, host: str) -> str:
    """Return the Content-Security-Policy of one answer. `host` is as Django has checked it.

    Some browsers do not apply `'self'` to WebSockets, so they are named. CSP has no syntax for
    IPv6 addresses.
    """
    sockets = "" if host.startswith("[") else f" ws://{host} wss://{host}"
    given = {"nonce": nonce, "sockets": sockets, "framed": "phone" in extras.paths()}
    return "; ".join(render_to_string("realtime/console_policy.txt", given).splitlines())


def logins() -> dict[str, Any]:
    """Return what a page needs to log in and to explain how a connection ended."""
    return {
        "logins": settings.DEMO_LOGINS if settings.DEBUG else [],
        "closeCodes": {
            str(code.value): {"reason": code.reason, "next": code.reconnect} for code in CloseCode
        },
    }


def configuration() -> dict[str, Any]:
    """Return what the console needs before it connects."""
    return {
        **logins(),
        "version": settings.VERSION,
        "protocol": PROTOCOL_VERSION,
        "subprotocol": SUBPROTOCOL,
        "commands": forms.commands(),
        "triggers": forms.staff_forms(),
        "panels": extras.paths(),
        "lines": {name: kind.line for name, kind in PAYLOADS.items() if kind.line},
    }
