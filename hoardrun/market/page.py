"""The chart page at `/market/<SYMBOL>`: candles, alerts and the state of the price."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from realtime.console.page import logins, page_response

ROUTE = r"^market/(?P<symbol>[A-Za-z0-9][A-Za-z0-9.\-]{0,19})/?$"


@csrf_exempt  # a check would read the body as a form
@require_safe
@never_cache
def chart(request: HttpRequest, symbol: str) -> HttpResponse:
    """Serve the page to those who may see the console; it says if there is no such symbol."""
    if symbol != symbol.upper():
        return HttpResponseRedirect(reverse("chart", args=[symbol.upper()]))
    config = {**logins(), "symbol": symbol}
    return page_response(request, "realtime/chart.html", config)
