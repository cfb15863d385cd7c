"""The market's paths, to be included under `/api/v1/`."""

from __future__ import annotations

from hoardrun.market import views
from hoardrun.market.alerts import views as alerts
from hoardrun.market.candles.views import CandleListView
from hoardrun.market.engine.views import FeedListView
from hoardrun.market.watchlists import views as watchlists
from realtime.rest.routes import both

urlpatterns = [
    *both("watchlists", watchlists.WatchlistListView, "watchlists"),
    *both("watchlists/<str:watchlist_id>", watchlists.WatchlistView, "watchlist"),
    *both("price-alerts", alerts.AlertListView, "price-alerts"),
    *both("price-alerts/<str:alert_id>", alerts.AlertView, "price-alert"),
    *both("market-data", views.MarketDataView, "market-data"),
    *both("instruments", views.InstrumentListView, "instruments"),
    *both("instruments/<str:symbol>", views.InstrumentDetailView, "instrument"),
    *both("quotes", views.QuoteListView, "quotes"),
    *both("market/<str:symbol>/candles", CandleListView, "candles"),
    *both("market/feeds", FeedListView, "market-feeds"),
]
