"""The admin's site: no page of it filters, refers or shows by a secret column.

Beside the lists of tables it has the pages that apps register in `realtime.admin_bases.views`.
"""

from __future__ import annotations

from typing import Any, cast

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.apps import AdminConfig as _AdminConfig
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import DateField, QuerySet, TimeField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse

from hoardrun.admin_labels import Labelled
from hoardrun.admin_lookups import is_of_filter
from hoardrun.secret_columns import is_secret, leads_to_secret
from realtime.admin_bases import views
from realtime.admin_bases.pages import ModelAdmin
from realtime.retry import retried

MAX_WORDS = 20  # of a search
# Errors of a widget that cannot show a value, since the value is of another kind.
_UNSHOWABLE = (AttributeError, TypeError, ValueError, ArithmeticError)


class AdminConfig(_AdminConfig):
    """Django's admin, with our site as `admin.site`."""

    default = False  # it is named in INSTALLED_APPS
    default_site = "hoardrun.admin_site.Site"


class Guarded(ModelAdmin):
    """The refusals of every page of the site, also of pages from libraries.

    Django lets a query compare any column of the model itself, in any way: it reads a secret bit
    by bit, or freezes the node by a regular expression. Here a list is compared by what its
    filters and the links to it use, and by nothing else.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        if leads_to_secret(self.model, lookup):
            return False
        paths = _paths(self.list_filter if request is None else self.get_list_filter(request))
        linked_by: tuple[str, ...] = getattr(self, "linked_by", ())  # of links to the list
        return lookup in linked_by or is_of_filter(self.model, paths, lookup, value)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by MAX_WORDS words at most: each is one more comparison, or a query."""
        if len(search_term.split()) <= MAX_WORDS:
            return super().get_search_results(request, queryset, search_term)
        messages.warning(request, f"Search for {MAX_WORDS} words at most.")
        return queryset.none(), False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Repeat a form, which is one transaction, when it loses a conflict, as services do."""
        return retried(super().changeform_view)(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return retried(super().delete_view)(request, *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Fill an empty form from the address, with what its fields can show."""
        asked = cast(dict[str, Any], super().get_changeform_initial_data(request))
        form_class = self.get_form(request, None, change=False)
        shown: dict[str, Any] = {}
        for name, value in asked.items():
            if name not in form_class.base_fields:
                continue
            try:
                column: Any = self.opts.get_field(name)
                if isinstance(column, DateField | TimeField):
                    value = column.to_python(value)
                str(form_class(initial={name: value})[name])
            except (ValidationError, FieldDoesNotExist, *_UNSHOWABLE):
                continue
            shown[name] = value
        return shown

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        if leads_to_secret(self.model, to_field):
            return False
        return super().to_field_allowed(request, to_field)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, _with_request(message))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_change(request, obj, _with_request(message))

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        from django.contrib.admin.models import DELETION

        from realtime import audit  # it loads the models, as Django's does

        return audit.log(cast(int, request.user.pk), queryset, DELETION, "Deleted.")

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave secret columns out of forms, unless the page names them.

        Django's page of users does, and shows a mark in place of the password.
        """
        excluded = super().get_exclude(request, obj)
        secret = [field.name for field in self.opts.fields if is_secret(field)]
        return [*(excluded or ()), *secret] if secret else excluded


def _with_request(message: Any) -> Any:
    from realtime import audit  # it loads the models

    return audit.with_request(message)


def _paths(entries: Any) -> list[str]:
    """Return the paths of the filters that a page declares."""
    paths = [entry[0] if isinstance(entry, list | tuple) else entry for entry in entries]
    return [path for path in paths if isinstance(path, str)]


class Choices(AutocompleteJsonView):
    """The choices of a form field, named by the page's own `choice_label` if it has one."""

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

    def get_urls(self) -> list[Any]:
        own = [
            path(f"{view.app}/{view.route}", self.admin_view(view.guarded()), name=view.url_name)
            for view in views.every()
        ]
        return [*own, *super().get_urls()]

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """List the pages beside the tables of their app."""
        found: dict[str, dict[str, Any]] = {
            each["app_label"]: each for each in super().get_app_list(request, app_label)
        }
        for view in views.listed(request, app_label):
            app = found.setdefault(view.app, self._app(view.app))
            app["models"].append(self._entry(view))
            app["models"].sort(key=lambda entry: entry["name"])
        return sorted(found.values(), key=lambda app: app["name"].lower())

    def _app(self, label: str) -> dict[str, Any]:
        """Describe an app of which a user may see no table."""
        return {
            "name": apps.get_app_config(label).verbose_name,
            "app_label": label,
            "app_url": reverse("admin:app_list", kwargs={"app_label": label}),
            "has_module_perms": True,
            "models": [],
        }

    def _entry(self, view: views.View) -> dict[str, Any]:
        """Describe a page as Django's templates describe a table."""
        return {
            "model": None,
            "name": view.title,
            "object_name": f"page-{view.name}",
            "perms": {"view": True},
            "admin_url": reverse(f"admin:{view.url_name}", current_app=self.name),
            "add_url": None,
            "view_only": True,
        }

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        page = admin_class or admin.ModelAdmin
        if not issubclass(page, Guarded):
            bases = (Guarded, Labelled, page)
            page = type(page.__name__, bases, {"__module__": page.__module__})
        super().register(model_or_iterable, page, **options)
