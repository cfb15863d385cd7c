"""Run a search of the admin's page "Why", and keep that it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from notifications.acts.forms import AddressSearch, ProviderSearch, UserSearch
from notifications.trace import search
from notifications.trace.search import Hit
from realtime import audit
from realtime.admin_bases.writes import staff_id
from realtime.core.text import row_id


@dataclass(slots=True)
class Found:
    """What a search has found. `of` says of what in words; empty where nothing was asked."""

    form: UserSearch
    hits: Sequence[Hit] = ()
    of: str = ""
    note: str = ""  # what suppresses an address
    hash: str = ""  # of that address
    error: str = ""


def find(request: HttpRequest) -> Found:
    """Search by what a request asks: an address or a provider's id by POST, a user by GET."""
    if request.method == "POST":
        return _of_post(request)
    if "user" not in request.GET:
        return Found(UserSearch())
    found = Found(form := UserSearch(request.GET))
    if not form.is_valid():
        return found
    user = user_of(form.cleaned_data["user"])
    if user is None:
        found.error = "There is no user of that name or id."
        return found
    audit.log(staff_id(request), [user], CHANGE, "Searched for what this user got, in the admin.")
    found.of = f"What {user} got"
    found.hits = search.of_user(user.pk, form.cleaned_data["since"], form.cleaned_data["until"])
    return found


def _of_post(request: HttpRequest) -> Found:
    """Search by what must not stand in the address of a page."""
    found = Found(UserSearch())
    by_address = AddressSearch(request.POST)
    by_id = ProviderSearch(request.POST)
    if by_address.is_valid():
        found.of = "What went to that address"
        address = by_address.cleaned_data["address"]
        found.hits, found.note = search.of_address(address)
        _, found.hash = search.place_of(address)
        _note(request, "Searched for what went to an address, in the admin.")
    elif by_id.is_valid():
        found.of = "The message with that id"
        found.hits = search.of_provider(by_id.cleaned_data["provider_id"])
        _note(request, "Searched for a message by its id at a provider, in the admin.")
    else:
        found.error = "Give an address, or the id that a provider has given."
    return found


def _note(request: HttpRequest, message: str) -> None:
    """Keep a search that is about no row that is known before."""
    LogEntry.objects.create(
        user_id=staff_id(request),
        action_flag=CHANGE,
        change_message=audit.with_request(message),
        object_repr="a search",
    )


def user_of(name: str) -> Any:
    """Return the user of a name, else of an id; None for nobody."""
    model: Any = get_user_model()
    users = model._default_manager
    named = users.filter(**{model.USERNAME_FIELD: name}).first()
    return named or users.filter(pk=row_id(name)).first()
