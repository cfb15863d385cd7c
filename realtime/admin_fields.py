"""What the admin forms of all apps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from realtime.errors import Refused

if TYPE_CHECKING:  # Django's class takes no parameters when it runs
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class Select(AutocompleteSelect):
    """A choice among many rows. Django's own fails when it shows a key again that cannot be one."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if self._may_be_key(key)], attrs)

    def _may_be_key(self, key: str) -> bool:
        choices: Any = self.choices
        try:
            choices.field.clean(key)
        except ValidationError:
            return not key
        return True


class SafeSelects(_ModelAdmin):
    """Base of admins whose forms choose a row by `autocomplete_fields`."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.name in self.get_autocomplete_fields(request) and "widget" not in kwargs:
            kwargs["widget"] = Select(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AddsByService(SafeSelects):
    """Base of admins that add a row by a service, and show its refusal as a message.

    A form that was right when it was checked may be too late when it is saved.
    """

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except Refused as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
