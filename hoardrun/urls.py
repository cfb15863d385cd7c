"""Every path of the project. A trailing slash is accepted wherever there is none."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path, re_path

from hoardrun.api import handlers
from hoardrun.health import healthz, readyz
from hoardrun.market import page
from hoardrun.strangers import counted

admin.site.site_header = admin.site.site_title = "hoardrun"
admin.site.index_title = "Support"
admin.site.site_url = "/"


def home(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the console where it is public, else to the documentation of the API."""
    is_open = settings.DEBUG and settings.CONSOLE_ENABLED
    return HttpResponseRedirect("/ws/test" if is_open else "/api/docs")


def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Lead browsers to our icon from pages that name none, such as the admin's."""
    return HttpResponseRedirect(static("realtime/console/icon.svg"))


urlpatterns = [
    path("", home),
    path("favicon.ico", favicon),
    path("admin/", admin.site.urls),
    re_path(r"^healthz/?$", healthz),
    re_path(r"^readyz/?$", readyz),
    path("", include("hoardrun.api.urls")),
    path("ws/broadcast/", include("hoardrun.broadcasts.urls")),
    path("api/v1/", include("hoardrun.ledger.urls")),
    path("api/v1/", include("hoardrun.payments.urls")),
    path("api/v1/", include("notifications.urls")),
    path("api/v1/", include("hoardrun.market.urls")),
    path("", include("notifications.hooks.urls")),
    path("", include("hoardrun.payments.inbox.urls")),
    path("", include("hoardrun.demo.urls")),
    path("", include("realtime.rest.urls")),
    re_path(page.ROUTE, page.chart, name="chart"),
    re_path(r"^ws/notifications/?$", counted(handlers.upgrade_required)),
    # Last: under DEBUG, Django would answer what leads nowhere with a page.
    re_path(r"^(?:api|ws)/", counted(handlers.not_found)),
]

handler400 = "hoardrun.api.handlers.handler400"
handler403 = "hoardrun.api.handlers.handler403"
handler404 = "hoardrun.api.handlers.handler404"
handler500 = "hoardrun.api.handlers.handler500"
