"""Writes of the admin's pages, for all apps: rows added by services, actions on rows, history.

They know no model. `SafeSelects` are forms that choose a row of a large table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.contrib.admin.models import CHANGE
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from realtime import audit
from realtime.admin_bases.pages import ByKey, ModelAdmin
from realtime.errors import Refused

MAX_REASONS = 5  # different refusals that one action shows
MAX_NUMBERS = 10  # rows named for each of them
Done = TypeVar("Done")


class Select(AutocompleteSelect):
    """A choice among many rows. Django's own fails when it shows an impossible key again."""

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if self._may_be_key(key)], attrs)

    def _may_be_key(self, key: str) -> bool:
        choices: Any = self.choices
        try:
            choices.field.clean(key)
        except ValidationError:
            return not key
        return True


class SafeSelects(ModelAdmin):
    """Base of pages whose forms use `autocomplete_fields`."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.name in self.get_autocomplete_fields(request) and "widget" not in kwargs:
            kwargs["widget"] = Select(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AddsByService(SafeSelects):
    """Base of pages that add a row by a service, and show its refusal as a message.

    A form that was valid when it was checked may be refused when it is saved.
    """

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except Refused as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Model:
        """Add a row by a service, from the cleaned data of the form."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save only what the form has changed: a service may be changing the rest."""
        if not change:
            obj.pk = self.add(request, form.cleaned_data).pk
        elif form.changed_data:
            obj.save(update_fields=[*form.changed_data, "updated_at"])


class Kept(ByKey, AddsByService):
    """Rows that a service adds and nothing deletes.

    Subclasses name the fields of the add form. Later only `editable` can be changed; `shown`
    names the columns that replace a field.
    """

    add_fields: ClassVar[tuple[str, ...]] = ()
    editable: ClassVar[tuple[str, ...]] = ()
    shown: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return self.add_fields
        fields = (self.shown.get(field.name, (field.name,)) for field in self.opts.fields)
        return tuple(chain.from_iterable(fields))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return tuple(set(self.get_fields(request, obj)) - set(self.editable))


def staff_id(request: HttpRequest) -> int:
    """Return who is logged in to the admin."""
    assert request.user.pk is not None  # the admin admits staff alone
    return int(request.user.pk)


def note(request: HttpRequest, rows: Sequence[Any], message: str) -> None:
    """Write into the admin's history what the user did to these rows."""
    audit.log(staff_id(request), rows, CHANGE, message)


def act_on_each(
    request: HttpRequest,
    keys: Iterable[int],
    act: Callable[[int], Done],
    describe: Callable[[list[Done]], str],
) -> None:
    """Act on each row by itself, so that a refusal stops no other.

    Shows what `describe` says of the answers, and each refusal with the rows that it is about.
    """
    done: list[Done] = []
    refused: dict[str, list[int]] = {}
    for key in keys:
        try:
            done.append(act(key))
        except Refused as error:
            refused.setdefault(str(error), []).append(key)
    if done:
        messages.success(request, describe(done))
    for why, about in list(refused.items())[:MAX_REASONS]:
        messages.error(request, f"{_numbers(about)}: {why}")
    if rest := sum(len(about) for about in list(refused.values())[MAX_REASONS:]):
        messages.error(request, f"{rest} more were refused.")


def _numbers(keys: list[int]) -> str:
    more = f" and {len(keys) - MAX_NUMBERS} more" if len(keys) > MAX_NUMBERS else ""
    return ", ".join(f"#{key}" for key in keys[:MAX_NUMBERS]) + more
