"""The page "Charts": what the nodes did in an hour, a day or two weeks, all or one of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from realtime import series
from realtime.admin_bases import views

RIGHT = "realtime.view_node"
DATA = "series-data"  # the element that the page's script reads


@require_safe
def charts_page(request: HttpRequest) -> HttpResponse:
    """Show a span of all nodes, or of the one in the query's `node`."""
    span = series.SPANS.get(request.GET.get("span", ""), series.SPANS["1h"])
    node = request.GET.get("node", "")
    found, nodes = series.read(span, node), series.nodes(span)
    chosen = next((one for one in nodes if one.node == node), None)
    return TemplateResponse(
        request,
        "admin/series/charts.html",
        {
            **admin.site.each_context(request),
            "title": f"Charts of {chosen.name if chosen else node}" if node else "Charts",
            "spans": list(series.SPANS.values()),
            "span": span,
            "node": node,
            "nodes": nodes,
            "charts": series.CHARTS,
            "lines": [(chart, line) for chart in series.CHARTS for line in chart.lines],
            "data_id": DATA,
            "data": found.as_json(),
            "rows": _rows(found),
            "zone": timezone.get_current_timezone_name(),
        },
    )


def _rows(found: series.Series) -> list[tuple[Any, list[float | None]]]:
    """Return the steps in which a node reported, the newest first."""
    steps = [
        (series.moment(at // 60), [found.lines[name][index] for name in series.LINES])
        for index, at in enumerate(found.times)
    ]
    return [(at, values) for at, values in reversed(steps) if any(v is not None for v in values)]


views.register(views.View("realtime", "charts", "charts/", RIGHT, charts_page, title="Charts"))
