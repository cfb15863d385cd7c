"""What the libraries' admin shows too much of, and lets anybody try too often."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from rest_framework_simplejwt.token_blacklist.admin import OutstandingTokenAdmin
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from hoardrun.api.throttles import FormThrottle

admin.site.unregister(OutstandingToken)
admin.site.unregister(BlacklistedToken)  # to delete one would undo a logout


class LoginForm(AdminAuthenticationForm):
    """The admin's login, which counts attempts together with those over the API."""

    def clean(self) -> dict[str, Any]:
        if self.request is not None and not FormThrottle().allows(self.request):
            raise ValidationError("Too many attempts; try again in a minute.", "throttled")
        return super().clean()


admin.site.login_form = LoginForm


@admin.register(OutstandingToken)
class LoginTokenAdmin(OutstandingTokenAdmin):
    """Refresh tokens without the token: whoever reads one can act as its user."""

    def get_fields(self, request: Any, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name != "token"]

    def get_readonly_fields(self, *args: Any, **kwargs: Any) -> list[Any]:
        return [name for name in super().get_readonly_fields(*args, **kwargs) if name != "token"]
