"""The admin's site: no page of it filters, refers or shows by a secret column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as _AdminConfig
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from hoardrun.admin_labels import Labelled
from hoardrun.secret_columns import is_secret, leads_back, leads_to_secret

if TYPE_CHECKING:  # Django's class takes no parameters when it runs
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class AdminConfig(_AdminConfig):
    """Django's admin, with our site as `admin.site`."""

    default = False  # it is named in INSTALLED_APPS
    default_site = "hoardrun.admin_site.Site"


class Guarded(_ModelAdmin):
    """What every page of the site refuses, whoever wrote the page.

    Django lets a query compare any column of the model itself, and the key of what a relation
    leads to: whoever sees a row or none reads a secret bit by bit. Rows that refer to the
    listed ones have pages and rights of their own; they are compared where a page says so.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        if leads_to_secret(self.model, lookup):
            return False
        back = leads_back(self.model, lookup)
        if back and not any(path.startswith(back) for path in _filters(self)):
            return False
        return super().lookup_allowed(lookup, value, request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        if leads_to_secret(self.model, to_field):
            return False
        return super().to_field_allowed(request, to_field)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave secret columns out of forms, unless the page names them.

        Django's page of users does, and shows a mark in place of the password.
        """
        excluded = super().get_exclude(request, obj)
        secret = [field.name for field in self.opts.fields if is_secret(field)]
        return [*(excluded or ()), *secret] if secret else excluded


def _filters(page: Any) -> list[str]:
    """Return the paths that a page filters by, as it declares them."""
    paths = [entry[0] if isinstance(entry, list | tuple) else entry for entry in page.list_filter]
    return [path for path in paths if isinstance(path, str)]


class Choices(AutocompleteJsonView):
    """What a form field offers to choose from, by the page's own `choice_label` if it has one."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        label = getattr(self.model_admin, "choice_label", str)
        return {"id": str(getattr(obj, to_field_name)), "text": label(obj)}


class Site(admin.AdminSite):
    """Django's site; each page that is registered is a guarded one."""

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Do as Django does, with a form that counts wrong passwords."""
        from django.contrib.auth.views import PasswordChangeView  # it loads the models

        from hoardrun.admin import PasswordForm

        request.current_app = self.name  # as the templates read it
        view = PasswordChangeView.as_view(
            form_class=PasswordForm,
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return cast(TemplateResponse, view(request))

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return cast(HttpResponse, Choices.as_view(admin_site=self)(request))

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        page = admin_class or admin.ModelAdmin
        if not issubclass(page, Guarded):
            bases = (Guarded, Labelled, page)
            page = type(page.__name__, bases, {"__module__": page.__module__})
        super().register(model_or_iterable, page, **options)
