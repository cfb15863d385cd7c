"""The list of deliveries in the admin, each with its rule, its calls and its receipts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from notifications.admin.address import with_hash
from notifications.admin.links import moment, pairs, to_row
from notifications.channels import registry
from notifications.choices import DeliveryState
from notifications.models import (
    Address,
    Announcement,
    Attempt,
    Delivery,
    Digest,
    Notification,
    Receipt,
)
from notifications.trace.causes import RULES
from notifications.trace.masks import masked
from realtime.admin_bases.pages import ByKey, ReadOnly, users_found
from realtime.core.text import row_id

if TYPE_CHECKING:  # Django's classes take no parameters when they run
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline

# States with an index. Of the others the newest rows are full.
_RARE = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
    DeliveryState.UNRESOLVED,
)
_TIMES = ("created_at", "not_before", *Delivery.FACTS, "expires_at", "updated_at")


class Trouble(admin.SimpleListFilter):
    """The filter for deliveries that wait, did not arrive, or whose outcome is unknown."""

    title = "what waits or went wrong"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in _RARE]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        known = {state.value for state in _RARE}
        return queryset.filter(state=self.value()) if self.value() in known else None


class Calls(ReadOnly, TabularInline):
    """The calls that were made for a delivery."""

    model = Attempt
    fields = ("lease", "provider", "outcome", "status", "code", "started_at", "duration_ms")
    ordering = ("lease",)
    verbose_name_plural = "calls"
    extra = 0


class Receipts(ReadOnly, TabularInline):
    """The receipts of a delivery, from providers and devices."""

    model = Receipt
    fields = ("provider", "fact", "code", "happened_at", "created_at")
    ordering = ("created_at",)
    extra = 0


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ByKey):
    """The list of deliveries, with those that were skipped.

    What a message said is not here: the page of its notification shows it.
    """

    list_display = (
        "id", "user", "kind", "channel", "to", "state", "decided_by", "provider", "created",
    )  # fmt: skip
    list_select_related = ("user", "address")
    list_filter = (Trouble,)
    search_help_text = (
        "An id, how the name of its user begins, a whole address or number, or a provider's id"
    )
    linked_by = (
        "user__id__exact", "notification__id__exact", "digest__id__exact", "address_hash__exact",
        Trouble.parameter_name,
    )  # fmt: skip
    inlines = (Calls, Receipts)
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("source", "user", "kind", "category", "channel", "to", "state")}),
        (
            "Why",
            {"fields": ("rule", "reason", "shown_evidence", "required", "rung", "resend", "late",
                        "possible_duplicate")},
        ),
        ("When", {"fields": ("times",)}),
        (
            "How",
            {"fields": ("provider", "provider_id", "attempts", "worker", "lease", "lease_until",
                        "priority", "locale", "segments", "price")},
        ),
        ("Decided by", {"fields": ("policy_version", "preference_version", "template_version")}),
    )  # fmt: skip

    def matching(self, word: str) -> Q:
        providers = [known.name for known in registry.KNOWN]
        return (
            Q(pk=row_id(word))
            | Q(user__in=users_found(word))
            | Q(address_hash__in=with_hash(word))
            | Q(provider__in=providers, provider_id=word)
        )

    @admin.display(description="of")
    def source(self, row: Delivery) -> str | SafeString:
        for model in (Notification, Digest, Announcement):
            pk = getattr(row, f"{model._meta.model_name}_id")
            if pk is not None:
                return to_row(model, pk)
        return "–"

    @admin.display(description="to")
    def to(self, row: Delivery) -> str | SafeString:
        address = row.address
        if address is None:
            return masked(row.channel, "", hash=row.address_hash) or "nobody"
        text = masked(
            row.channel, address.value, service=address.service, device=address.device,
            hash=row.address_hash,
        )  # fmt: skip
        return to_row(Address, address.pk, text)

    @admin.display(description="rule")
    def rule(self, row: Delivery) -> str:
        """Show the rule that decided, in words."""
        said: Any = RULES.get(row.decided_by)  # type: ignore[call-overload]
        return f"{row.decided_by}: {said.text}" if said else row.decided_by

    @admin.display(description="evidence")
    def shown_evidence(self, row: Delivery) -> str | SafeString:
        return pairs(row.evidence)

    @admin.display(description="times")
    def times(self, row: Delivery) -> str | SafeString:
        """List the times that are known, to the second."""
        known = ((name, getattr(row, name)) for name in _TIMES)
        words = ((name.removesuffix("_at").replace("_", " "), moment(at)) for name, at in known)
        return pairs({name: text for name, text in words if text})

    @admin.display(description="cost")
    def price(self, row: Delivery) -> str:
        return "–" if row.cost is None else f"{row.cost.normalize():f} {row.cost_currency}"
