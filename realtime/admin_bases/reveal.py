"""Texts that a page hides: a right of its own shows one, and the history keeps who looked."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from realtime.admin_bases.pages import ByKey
from realtime.admin_bases.writes import note


class Reveals(ByKey):
    """A page with a button that shows a hidden text of its row."""

    change_form_template = "admin/reveal/change_form.html"
    reveal_right: ClassVar[str] = ""  # such as `notifications.view_address_value`
    reveal_label: ClassVar[str] = ""  # what the button says
    reveal_note: ClassVar[str] = ""  # what the history says

    def hidden_text(self, row: Any) -> str:
        """Return the text that is hidden; empty if there is none."""
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        own = path(
            "<path:object_id>/reveal/",
            self.admin_site.admin_view(self.reveal),
            name=self._reveal_name(),
        )
        return [own, *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None and request.user.has_perm(self.reveal_right) and self.hidden_text(row):
            context["reveal_label"] = self.reveal_label
            context["reveal_url"] = reverse(f"admin:{self._reveal_name()}", args=[row.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(require_POST)
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the hidden text of one row, and note that."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not (
            request.user.has_perm(self.reveal_right) and self.has_view_permission(request, row)
        ):
            raise PermissionDenied
        note(request, [row], self.reveal_note)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{self.reveal_label}: {row}",
            "opts": self.opts,
            "original": row,
            "text": self.hidden_text(row),
            "note": self.reveal_note,
        }
        return TemplateResponse(request, "admin/reveal/text.html", context)

    def _reveal_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_reveal"
