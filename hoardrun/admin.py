"""The admin's forms that ask for a password, with a limit of wrong guesses; the page of users."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest

from hoardrun.admin_seen import SeenFilter, SeenUsers
from hoardrun.api.throttles import LoginAttempt, password_guesses
from realtime.admin_bases.pages import users_found

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
TOO_MANY = "Too many attempts; try again later."


class LoginForm(AdminAuthenticationForm):
    """The admin's login, which counts attempts together with those over the API."""

    def clean(self) -> dict[str, Any]:
        assert self.request is not None  # the admin's page of the login gives it
        attempt = LoginAttempt(self.request, str(self.request.POST.get("username")))
        if not attempt.allowed:
            raise ValidationError(TOO_MANY, "throttled")
        cleaned = super().clean()
        # A form without a name or a password gets here as well, and logs no user in.
        if self.get_user() is not None:
            attempt.succeeded()
        return cleaned


class PasswordForm(AdminPasswordChangeForm):
    """The form on which staff change their own password; wrong old ones are counted by user."""

    def clean_old_password(self) -> str:
        guesses = password_guesses(self.user)
        if not guesses.take():
            raise ValidationError(TOO_MANY, "throttled")
        old: str = super().clean_old_password()
        guesses.give_back()
        return old


admin.site.login_form = LoginForm


class PeopleAdmin(SeenUsers, UserAdmin):  # type: ignore[type-arg]
    """Users, found by the begin of a name or a whole e-mail address.

    Only a superuser changes or deletes a member of staff, also the password, and only a
    superuser gives rights: with `auth.change_user` alone, any member of staff could become one.
    """

    list_filter = (SeenFilter, "is_staff")
    linked_by = (SeenFilter.parameter_name,)
    search_help_text = "How a user's name begins, an id, or a whole e-mail address"

    def matching(self, word: str) -> Q:
        return Q(pk__in=users_found(word))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_touch(request, obj) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = () if request.user.is_superuser else RIGHTS
        return (*super().get_readonly_fields(request, obj), *fixed)


class RolesAdmin(GroupAdmin):
    """Groups, to which only a superuser gives rights."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = () if request.user.is_superuser else ("permissions",)
        return (*super().get_readonly_fields(request, obj), *fixed)


def _may_touch(request: HttpRequest, user: Any) -> bool:
    """Say whether a user, if one is meant, is no member of staff or a superuser asks."""
    return user is None or not (user.is_staff or user.is_superuser) or request.user.is_superuser


if admin.site.is_registered(User):  # a user model of the project's own has pages of its own
    admin.site.unregister(User)
    admin.site.register(User, PeopleAdmin)
admin.site.unregister(Group)
admin.site.register(Group, RolesAdmin)
