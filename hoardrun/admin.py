"""The login of the admin, which lets nobody guess too often."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from hoardrun.api.throttles import FormThrottle


class LoginForm(AdminAuthenticationForm):
    """The admin's login, which counts attempts together with those over the API."""

    def clean(self) -> dict[str, Any]:
        if self.request is not None and not FormThrottle().allows(self.request):
            raise ValidationError("Too many attempts; try again in a minute.", "throttled")
        return super().clean()


admin.site.login_form = LoginForm
