"""Each address of an admin page is answered, with rows or with 400, and never with 500."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Field, Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from realtime.models import Node
from tests.clients import browser_as
from tests.hoardrun.test_admin_forms import ODD
from tests.hoardrun.tools import BY_NAME, PAGES, url_of

COMPARISONS = (
    *("", "__exact", "__iexact", "__contains", "__startswith", "__regex", "__iregex", "__gt"),
    *("__gte", "__lt", "__range", "__in", "__isnull", "__year", "__week_day", "__date"),
    *("__hour__gt", "__contained_by", "__has_key", "__a__regex", "__0", "__nonsense"),
)
VALUES = ("x", "0", "(", "9" * 40, "0001-01-01 00:00:00+14:00", "9999-12-31 23:59:59-14:00", "")


@pytest.fixture
def support(charlie: User, furnished: None) -> Client:
    return browser_as(charlie, raise_request_exception=False)


def columns(model: type[Model]) -> Iterator[str]:
    yield "pk"
    for field in model._meta.get_fields():
        yield field.name
        if isinstance(field, Field) and field.is_relation and field.related_model is not None:
            yield from (f"{field.name}__id", f"{field.name}__pk")


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_no_lookup_fails_a_list(support: Client, model: type[Model], page: Any):
    url = url_of(model)
    request = RequestFactory().get(url)
    for column in columns(model):
        for comparison in COMPARISONS:
            lookup = f"{column}{comparison}"
            # It is the same as no comparison.
            for value in VALUES[:1] if comparison == "__exact" else VALUES:
                if not page.lookup_allowed(lookup, value, request):
                    continue  # it is a 400, as the next test sees
                answer = support.get(url, {lookup: value})
                assert answer.status_code in {200, 302, 400}, (lookup, value)


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_no_list_compares_by_what_its_filters_do_not_use(
    support: Client, model: type[Model], page: Any
):
    url, pattern = url_of(model), "^.{2}(.|.|.|.)*#"
    request = RequestFactory().get(url)
    refused = ("regex", "iregex", "contains", "range", "in", "year", "gt", "date")
    for column in columns(model):
        for comparison in refused:
            assert not page.lookup_allowed(f"{column}__{comparison}", pattern, request)
    of_each_kind = {type(field): field.name for field in model._meta.get_fields()}
    for column in ("pk", *of_each_kind.values()):
        with CaptureQueriesContext(connection) as queries:
            answer = support.get(url, {f"{column}__regex": pattern})
        assert answer.status_code == 400, f"{url}?{column}__regex"
        assert not [query for query in queries if "(.|" in query["sql"]]


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_each_link_of_a_filter_works(support: Client, model: type[Model], page: Any):
    url = url_of(model)
    changelist = support.get(url).context["cl"]
    assert len(changelist.filter_specs) == len(page.list_filter)
    links = [
        [choice["query_string"].removeprefix("?") for choice in spec.choices(changelist)]
        for spec in changelist.filter_specs
    ]
    for together in zip_longest(*links, fillvalue=""):  # one of each filter
        query = "&".join(filter(None, together))
        assert support.get(f"{url}?{query}").status_code == 200, query


MANY = ("", "a " * 3000, "%" * 3000, '"' * 99, "'a b' \"c")
WORDS = (*filter(None, VALUES), *MANY)


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_no_search_fails_a_list(support: Client, model: type[Model], page: Any):
    """Each word is compared with each column: all values can be searched for at once."""
    url = url_of(model)
    for words in (" ".join(VALUES), *MANY):
        assert support.get(url, {"q": words}).status_code in {200, 302, 400}, words


# What reads them is the same for all pages that have their lists from one function.
BY_LIST = {
    type(page).get_changelist: pytest.param(model, page, id=model.__name__) for model, page in PAGES
}


@pytest.mark.parametrize(("model", "page"), BY_LIST.values())
def test_nothing_else_that_is_asked_fails_a_list(support: Client, model: type[Model], page: Any):
    asked = ("o", "p", "all", "_popup", "_facets", "_changelist_filters")
    for words in WORDS:
        answer = support.get(url_of(model), dict.fromkeys(asked, words))
        assert answer.status_code in {200, 302, 400}, words


def test_a_search_of_many_words_asks_for_fewer(support: Client):
    Node.objects.all().delete()
    for model in (Node, User):
        with CaptureQueriesContext(connection) as queries:
            answer = support.get(url_of(model), {"q": "a " * 21})
        assert "Search for 20 words at most." in answer.content.decode()
        assert len(queries) < 20


@pytest.mark.parametrize(("model", "page"), BY_NAME)
def test_no_address_of_an_empty_form_fails(
    support: Client, charlie: User, model: type[Model], page: Any
):
    request = RequestFactory().get("/")
    request.user = charlie
    if not page.has_add_permission(request):
        return
    url = url_of(model, "add")
    names = [*columns(model), *page.get_form(request).base_fields]
    for value in sorted({*ODD, *VALUES}):
        answer = support.get(url, dict.fromkeys(names, value))
        assert answer.status_code == 200, f"{url} {value[:40]}"


def test_an_address_fills_an_empty_form(support: Client, charlie: User):
    asked = {"title": "Hello", "starts_at": "2040-01-02 10:00", "ends_at": "foo", "state": "x"}
    page = support.get("/admin/notifications/announcement/add/", asked)
    form = page.context["adminform"].form
    assert form.initial.keys() == {"title", "starts_at"}
    assert 'value="2040-01-02"' in str(form["starts_at"])
    asked = {"user": str(charlie.pk), "scheduled_at": "foo", "expires_at": ""}
    page = support.get("/admin/notifications/notification/add/", asked)
    assert f'<option value="{charlie.pk}" selected>charlie' in page.content.decode()
