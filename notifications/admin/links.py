"""Links between pages of the admin, and values that several of them show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def to_row(model: type[Model], pk: Any, text: str = "") -> str | SafeString:
    """Link to the page of a row, of which only the number may be left."""
    if pk is None:
        return "–"
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk])
    return format_html('<a href="{}">{}</a>', url, text or f"{meta.verbose_name} #{pk}")


def to_list(model: type[Model], lookup: str, value: Any, text: str) -> SafeString:
    """Link to the rows of a list that a lookup finds."""
    meta = model._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return format_html('<a href="{}?{}={}">{}</a>', url, lookup, value, text)


def moment(at: datetime | None) -> str:
    """Write a time to the second; empty for none."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


def pairs(value: Any) -> str | SafeString:
    """Show what a JSON column says, a name and its value in a line."""
    if not isinstance(value, Mapping) or not value:
        return "–" if value in (None, {}, [], "") else str(value)
    lines = ((name, "–" if each in (None, "") else each) for name, each in value.items())
    return format_html_join("", "{}: {}<br>", lines)
