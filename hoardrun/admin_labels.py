"""Texts on every page of the admin for readers with a screen reader."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Field
from django.forms import ModelForm
from django.http import HttpRequest

from realtime.admin_bases.pages import ModelAdmin


class Labelled(ModelAdmin):
    """Names the fields that Django leaves without a name, and loads our style of its pages."""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["hoardrun/admin.css"]}

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Name the two halves of a moment; the legend around them says which moment it is."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, AdminSplitDateTime):
            for half, label in zip(field.widget.widgets, ("Date", "Time"), strict=True):
                half.attrs["aria-label"] = label
        return field

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ModelForm[Any]]:
        """Name what is edited in a list by its column and its row."""

        class Named(super().get_changelist_form(request, **kwargs)):  # type: ignore[misc]
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                for field in self.fields.values():
                    field.widget.attrs["aria-label"] = f"{field.label}: {self.instance}"

        return Named
