"""Paths with and without a trailing slash."""

from __future__ import annotations

from django.urls import URLPattern, path

from realtime.rest.views import View


def both(route: str, view: type[View], name: str) -> list[URLPattern]:
    """Serve a path with and without a trailing slash; the schema shows it once."""
    return [
        path(route, view.as_view(), name=name),
        path(f"{route}/", view.as_view(schema=None)),
    ]
