from __future__ import annotations

from django.urls import re_path

from hoardrun.market import views

urlpatterns = [
    re_path(r"^market-data/?$", views.MarketDataView.as_view(), name="market-data"),
    re_path(r"^instruments/?$", views.InstrumentListView.as_view(), name="instruments"),
    re_path(
        r"^instruments/(?P<symbol>[^/]+)/?$",
        views.InstrumentDetailView.as_view(),
        name="instrument",
    ),
    re_path(r"^quotes/?$", views.QuoteListView.as_view(), name="quotes"),
]
