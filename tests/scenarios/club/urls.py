"""The product's paths, and the club's."""

from __future__ import annotations

from django.urls import path

from hoardrun.urls import handler400, handler403, handler404, handler500, urlpatterns
from tests.scenarios.club.views import NewsView

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("club/news", NewsView.as_view()), *urlpatterns]
