"""Lists of the admin that read no more rows than they show, however large their tables are.

Pages of all apps use `ByKey`. It counts nothing, pages by key instead of by number, and
filters, searches and sorts only where an index answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

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

if TYPE_CHECKING:  # Django's classes take no parameters when they run
    _ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
    _Page = Page[Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _Paginator = Paginator
    _Page = Page

MAX_FOUND = 500  # rows that one word of a search may match by a prefix
MAX_NAMED = 20  # users of them
MAX_PAGE = 10_000  # of a list for a form field


class ByKey(_ModelAdmin):
    """A page whose list is the newest rows by key, and older ones by a link.

    Subclasses override `matching` for the search and name in `linked_by` the exact lookups
    that links to the list use. Each of these, and each of `list_filter`, needs an index.
    """

    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # each would be counted
    list_per_page = 50
    sortable_by: ClassVar[Any] = ()
    ordering: ClassVar[Any] = ("-pk",)
    search_fields: ClassVar[Any] = ("pk",)  # shows the box; `matching` does the work
    change_list_template = "admin/by_key/change_list.html"
    linked_by: ClassVar[tuple[str, ...]] = ()

    def matching(self, word: str) -> Q:
        """Return which rows a word of the search matches; read bounded numbers of rows."""
        return Q(pk__in=numbers(word))

    def get_key(self, request: HttpRequest) -> str:
        """Return the column that the list is ordered by, the greatest first.

        It is unique, or a moment: rows of one microsecond may be left out between two pages.
        """
        return str(self.opts.pk.name)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Keep the rows that every word matches."""
        for word in search_term.split():
            queryset = queryset.filter(self.matching(word))
        return queryset, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeyChangeList

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **more: Any
    ) -> Paginator[Any]:
        """Page what a form field offers to choose from; the list itself is paged by key."""
        return Uncounted(queryset, per_page)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Act on the chosen rows only, never on all that the list would go through."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        return super().response_action(request, queryset.filter(pk__in=chosen))


class KeyChangeList(ChangeList):
    """One page of rows by key. The query's `p` is the key that the rows are older than."""

    model_admin: ByKey
    older_url: str | None = None
    newest_url: str | None = None

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return [f"-{self.model_admin.get_key(request)}"]

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than a page has, which tells whether there are older ones.

        Keys first, without what each row refers to: a planner may begin with that, and sort all.
        """
        key = self.model_admin.get_key(request)
        rows = self.queryset
        if after := request.GET.get(PAGE_VAR):
            rows = rows.filter(**{f"{key}__lt": self._key_of(key, after)})
            self.newest_url = self.get_query_string()
        keys = list(rows.values_list("pk", flat=True)[: self.list_per_page + 1])
        self.result_list = list(rows.filter(pk__in=keys[: self.list_per_page]))
        if self.result_list and len(keys) > self.list_per_page:
            self.older_url = self.get_query_string({PAGE_VAR: getattr(self.result_list[-1], key)})
        # Django's templates read these. Equal counts hide the line that would tell of them.
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)

    def _key_of(self, key: str, text: str) -> Any:
        try:
            field: Any = self.lookup_opts.get_field(key)
            return field.to_python(text)
        except ValidationError as error:
            raise IncorrectLookupParameters(error) from error


class Uncounted(_Paginator):
    """Pages of which the next one is known by one row more, not by a count."""

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


def numbers(word: str) -> list[int]:
    """Return the id that a word is, if it is one."""
    return [int(word)] if word.isascii() and word.isdigit() and len(word) <= 18 else []


def starts_with(field: str, text: str) -> Q:
    """Match a prefix, exactly, in the way that an index of this database answers.

    PostgreSQL needs the `LIKE` index that Django makes beside the one of a text column.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": f"{text}\U0010ffff"})
    return Q(**{f"{field}__startswith": text})


def first_keys(rows: QuerySet[Any], field: str, text: str, limit: int = MAX_FOUND) -> list[Any]:
    """Return the keys of the first rows whose text column begins so, in the order of the index."""
    for wanted in dict.fromkeys((text, text.lower())):
        found = rows.filter(starts_with(field, wanted)).order_by(field)
        if keys := list(found.values_list("pk", flat=True)[:limit]):
            return keys
    return []


def users_named(word: str) -> list[int]:
    """Return the ids of users whose name begins so, or whose e-mail address it is."""
    model = get_user_model()
    users = model._default_manager.all()
    if "@" in word:
        addresses = {word, word.lower()}
        found = users.filter(**{f"{model.get_email_field_name()}__in": addresses})
        if ids := list(found.values_list("pk", flat=True)[:MAX_NAMED]):
            return ids
    return first_keys(users, model.USERNAME_FIELD, word, MAX_NAMED)


def users_found(word: str) -> list[int]:
    """Return the ids of users with this name, address or id."""
    return [*numbers(word), *users_named(word)]
