"""Check that no page of the admin names a secret column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.checks import CheckMessage, Tags, register
from django.db.models import OrderBy

from hoardrun.checks.findings import finding
from hoardrun.secret_columns import SECRET, leads_to_secret

_PREFIXES = "-=^@"  # of an ordering or of a search


@register(Tags.admin)
def check_pages(**kwargs: Any) -> Iterator[CheckMessage]:
    """Refuse a page that lists, filters, orders, searches or shows by a secret column."""
    for model, page in admin.site._registry.items():
        for place, path in declared(page):
            if leads_to_secret(model, path):
                yield finding(
                    "hoardrun.E050", model, page=type(page).__name__, place=place, path=path
                )


def declared(page: Any) -> Iterator[tuple[str, str]]:
    """Return each path to a column that a page, or an inline of it, declares, and where."""
    for place in (
        "list_display",
        "list_editable",
        "list_filter",
        "list_select_related",
        "search_fields",
        "ordering",
        "sortable_by",
        "fields",
        "readonly_fields",
        "autocomplete_fields",
        "raw_id_fields",
    ):
        for entry in _listed(getattr(page, place, None)):
            yield from ((place, path) for path in _paths(entry))
    if hierarchy := getattr(page, "date_hierarchy", None):
        yield "date_hierarchy", hierarchy
    for name in flatten_fieldsets(page.fieldsets or ()):
        # Django's own page of users names the password, and shows a mark of it.
        if not (name == "password" and f"{page.model._meta.label_lower}.{name}" in SECRET):
            yield "fieldsets", str(name)
    for name in _listed(getattr(page, "list_display", None)):
        order = getattr(getattr(page, str(name), name), "admin_order_field", None)
        yield from (("list_display", path) for path in _paths(order))
    for inline in _listed(getattr(page, "inlines", None)):
        for place, path in declared(inline):
            if leads_to_secret(inline.model, path):
                yield f"inlines.{place}", path


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else ()


def _paths(entry: Any) -> Iterator[str]:
    """Return the columns that an entry names: a text, a pair of a filter, or an expression."""
    if isinstance(entry, tuple | list) and entry:
        entry = entry[0]
    if isinstance(entry, str):
        yield entry.lstrip(_PREFIXES)
    elif isinstance(entry, OrderBy) or hasattr(entry, "get_source_expressions"):
        for inner in entry.get_source_expressions():
            yield from _paths(inner)
    elif (name := getattr(entry, "name", None)) and isinstance(name, str):
        yield name  # an F()
