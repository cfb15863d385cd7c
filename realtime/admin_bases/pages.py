"""Bases of the admin's pages, for all apps.

`ByKey` lists read no more rows than they show, whatever the size of the table: they count nothing,
page by key instead of by number, and filter, search and sort only by an index. They know no model.
`writes` has the bases of pages that write.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from realtime.core.text import row_id

if TYPE_CHECKING:  # Django's classes take no parameters when they run
    ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
    _Page = Page[Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    _Paginator = Paginator
    _Page = Page
    ModelForm = forms.ModelForm

MAX_FOUND = 500  # rows that one word of a search may match by a prefix
MAX_NAMED = 20  # users that one word may match
MAX_PAGE = 10_000  # of the choices of a form field
_SEPARATOR = ","  # between the columns of a key in a URL
_CUT = "_search_is_cut"  # attribute of a request whose search matches more


class ReadOnly:
    """Rows to look at: for a page or an inline, before Django's class."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ByKey(ModelAdmin):
    """A page that lists the newest rows by key, with a link to older ones.

    Subclasses override `matching` for the search, and name in `linked_by` the exact lookups
    of links to the list. Each of these, and each of `list_filter`, needs an index.
    """

    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they would count
    list_per_page = 50
    sortable_by: ClassVar[Any] = ()
    ordering: ClassVar[Any] = ("-pk",)
    search_fields: ClassVar[Any] = ("pk",)  # shows the box; `matching` does the work
    change_list_template = "admin/by_key/change_list.html"
    linked_by: ClassVar[tuple[str, ...]] = ()

    def matching(self, word: str) -> Q:
        """Return which rows a word of the search matches; may read a bounded number of rows."""
        return Q(pk=row_id(word))

    @admin.display
    def created(self, row: Any) -> str:
        """Show when a row was created, short enough for the list's width."""
        return f"{timezone.localtime(row.created_at):%Y-%m-%d %H:%M}"

    def get_key(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns of the list's descending order; the last one is unique.

        The first of several needs an index and few rows per value, as those are sorted.
        """
        return (str(self.opts.pk.name),)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Keep the rows that every word matches."""
        for word in search_term.split():
            matching = self.matching(word)
            if any(isinstance(keys, Some) and keys.is_cut for keys in matching.flatten()):
                setattr(request, _CUT, True)
            queryset = queryset.filter(matching)
        return queryset, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeyChangeList

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **more: Any
    ) -> Paginator[Any]:
        """Page the choices of a form field; the list itself is paged by key."""
        return Uncounted(queryset, per_page)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Act on the chosen rows only, never on the whole list."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        return super().response_action(request, queryset.filter(pk__in=chosen))


class KeyChangeList(ChangeList):
    """A page of rows with keys before the key in the query's `p`."""

    model_admin: ByKey
    older_url: str | None = None
    newest_url: str | None = None
    is_cut = False  # the search matches more than it reads

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return [f"-{column}" for column in self.model_admin.get_key(request)]

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than a page shows, to know whether there are older ones.

        Read keys first, without joins: a planner may begin with a join and sort everything.
        """
        key = self.model_admin.get_key(request)
        rows = self.queryset
        self.is_cut = getattr(request, _CUT, False)
        if after := request.GET.get(PAGE_VAR):
            rows = rows.filter(self._older_than(key, after))
            self.newest_url = self.get_query_string()
        keys = list(rows.values_list("pk", flat=True)[: self.list_per_page + 1])
        self.result_list = list(rows.filter(pk__in=keys[: self.list_per_page]))
        if self.result_list and len(keys) > self.list_per_page:
            last = [str(getattr(self.result_list[-1], column)) for column in key]
            self.older_url = self.get_query_string({PAGE_VAR: _SEPARATOR.join(last)})
        # Django's templates read these. Equal counts hide the line that shows them.
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)

    def _older_than(self, key: tuple[str, ...], text: str) -> Q:
        """Select the rows whose key is below the one in `text`, compared column by column."""
        texts = text.split(_SEPARATOR, len(key) - 1)
        if len(texts) < len(key):
            raise IncorrectLookupParameters(f"{text!r} is no key of this list.")
        below = Q()
        for column, value in reversed(list(zip(key, map(self._read, key, texts), strict=True))):
            older = Q(**{f"{column}__lt": value})
            # An index answers the first half.
            below = Q(**{f"{column}__lte": value}) & (older | below) if below else older
        return below

    def _read(self, column: str, text: str) -> Any:
        try:
            field: Any = self.lookup_opts.get_field(column)
            return field.to_python(text)
        except ValidationError as error:
            raise IncorrectLookupParameters(error) from error


class Uncounted(_Paginator):
    """Pages that find the next one by reading one row more, not by counting."""

    def validate_number(self, number: Any) -> int:
        try:
            return min(max(int(number), 1), MAX_PAGE)
        except (TypeError, ValueError):
            return 1

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        found = list(self.object_list[first : first + self.per_page + 1])
        page = _PeekedPage(found[: self.per_page], number, self)
        page.is_last = len(found) <= self.per_page
        return page


class _PeekedPage(_Page):
    is_last = True

    def has_next(self) -> bool:
        return not self.is_last


def starts_with(field: str, text: str) -> Q:
    """Match a prefix exactly, in a form that an index of this database answers.

    PostgreSQL uses the `LIKE` index that Django creates beside that of a text column.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": f"{text}\U0010ffff"})
    return Q(**{f"{field}__startswith": text})


class Some(list[Any]):
    """Keys that a search found; `is_cut` if there are more."""

    def __init__(self, keys: Iterable[Any] = (), *, is_cut: bool = False) -> None:
        super().__init__(keys)
        self.is_cut = is_cut


def first_keys(rows: QuerySet[Any], field: str, text: str, limit: int = MAX_FOUND) -> Some:
    """Return the keys of the first rows whose text column begins with `text`, in index order.

    Of rows with exactly that text, the newest come first.
    """
    column: Any = rows.model._meta.get_field(field)
    for wanted in dict.fromkeys((text, text.lower())):
        if not column.unique:
            same = _some(rows.filter(**{field: wanted}).order_by("-pk"), limit)
            if same.is_cut:
                return same
        # Read backwards, equal texts mostly come newest first. Ordered by the key as well,
        # PostgreSQL would read and sort them all.
        order = field if column.unique else f"-{field}"
        if keys := _some(rows.filter(starts_with(field, wanted)).order_by(order), limit):
            return keys
    return Some()


def users_named(word: str) -> Some:
    """Return the ids of users whose name begins with a word, or with this e-mail address."""
    model = get_user_model()
    users = model._default_manager.all()
    if "@" in word:
        addresses = {word, word.lower()}
        found = users.filter(**{f"{model.get_email_field_name()}__in": addresses})
        if ids := _some(found.order_by("-pk"), MAX_NAMED):
            return ids
    return first_keys(users, model.USERNAME_FIELD, word, MAX_NAMED)


def users_found(word: str) -> Some:
    """Return the ids of users with this name, address or id."""
    named = users_named(word)
    return Some([row_id(word), *named], is_cut=named.is_cut)


def user_name_lookup(relation: str) -> str:
    """Return the lookup of a related user's name, such as `author__username`."""
    return f"{relation}__{get_user_model().USERNAME_FIELD}"


def _some(rows: QuerySet[Any], limit: int) -> Some:
    keys = list(rows.values_list("pk", flat=True)[: limit + 1])
    return Some(keys[:limit], is_cut=len(keys) > limit)
