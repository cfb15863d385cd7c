"""What the libraries' admin pages show too much of."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from rest_framework_simplejwt.token_blacklist.admin import OutstandingTokenAdmin
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

admin.site.unregister(OutstandingToken)


@admin.register(OutstandingToken)
class LoginTokenAdmin(OutstandingTokenAdmin):
    """Refresh tokens without the token: whoever reads one can act as its user."""

    def get_fields(self, request: Any, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name != "token"]

    def get_readonly_fields(self, *args: Any, **kwargs: Any) -> list[Any]:
        return [name for name in super().get_readonly_fields(*args, **kwargs) if name != "token"]
