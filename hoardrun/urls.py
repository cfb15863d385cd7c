"""URLs (provisional until the project-level API lands)."""
from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from rest_framework_simplejwt.views import TokenObtainPairView


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("api/v1/auth/token", TokenObtainPairView.as_view()),
    path("api/v1/", include("hoardrun.ledger.urls")),
    path("api/v1/", include("notifications.urls")),
    path("api/v1/", include("hoardrun.market.urls")),
    path("", include("realtime.urls")),
]

handler400 = "hoardrun.problems.handler400"
handler403 = "hoardrun.problems.handler403"
handler404 = "hoardrun.problems.handler404"
handler500 = "hoardrun.problems.handler500"
