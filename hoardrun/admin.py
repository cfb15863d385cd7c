"""The login of the admin, which lets nobody guess too often."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q

from hoardrun.api.throttles import FormThrottle
from realtime.admin_lists import ByKey, users_found


class LoginForm(AdminAuthenticationForm):
    """The admin's login, which counts attempts together with those over the API."""

    def clean(self) -> dict[str, Any]:
        throttle = FormThrottle()
        if self.request is not None and not throttle.allows(self.request):
            raise ValidationError("Too many attempts; try again in a minute.", "throttled")
        cleaned = super().clean()
        if self.request is not None:
            throttle.succeeded(self.request)
        return cleaned


admin.site.login_form = LoginForm


class PeopleAdmin(ByKey, UserAdmin):  # type: ignore[type-arg]
    """Users, found by the begin of a name or a whole e-mail address."""

    list_filter = ("is_staff",)
    search_help_text = "How a user's name begins, an id, or a whole e-mail address"

    def matching(self, word: str) -> Q:
        return Q(pk__in=users_found(word))


if admin.site.is_registered(User):  # a user model of the project's own has pages of its own
    admin.site.unregister(User)
    admin.site.register(User, PeopleAdmin)
