"""Pages of the admin that show more than one table, for all apps.

An app registers its own where its admin is; the site lists those that a user may open among the
tables of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


@dataclass(frozen=True)
class View:
    """A page at `/admin/<app>/<route>`, called `admin:<app>_<name>`.

    Without a title it is not listed, such as one whose route has parameters.
    """

    app: str
    name: str
    route: str
    right: str  # without it the answer is 403
    show: Callable[..., HttpResponse]
    title: str = ""

    @property
    def url_name(self) -> str:
        return f"{self.app}_{self.name}"

    def is_for(self, request: HttpRequest) -> bool:
        """Say whether the user may open it."""
        return bool(request.user.has_perm(self.right))

    def guarded(self) -> Callable[..., HttpResponse]:
        """Return what answers: the page, or a refusal."""

        @wraps(self.show)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not self.is_for(request):
                raise PermissionDenied
            return self.show(request, *args, **kwargs)

        return answer


_views: dict[str, View] = {}


def register(*views: View) -> None:
    """Add pages; each once."""
    _views.update({view.url_name: view for view in views})


def every() -> tuple[View, ...]:
    """Return all pages."""
    return tuple(_views.values())


def listed(request: HttpRequest, app: str | None) -> Iterator[View]:
    """Yield the pages, of one app if one is given, that stand in the list of its tables."""
    for view in every():
        if view.title and app in {None, view.app} and view.is_for(request):
            yield view
